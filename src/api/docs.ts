import { dirname } from 'node:path';
import express, { type Router } from 'express';

/** The page's own script; the badge of an outside validator is off, so nothing leaves the office. */
const INITIALIZER = `window.onload = () => {
  window.ui = SwaggerUIBundle({
    url: new URL('openapi.json', location.href).pathname,
    dom_id: '#swagger-ui',
    deepLinking: true,
    validatorUrl: null,
    persistAuthorization: false,
    presets: [SwaggerUIBundle.presets.apis],
  });
};
`;

const PAGE = `<!doctype html>
<html lang="fa">
<head>
<meta charset="utf-8">
<title>Tasvieh API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" type="image/png" href="docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/initializer.js"></script>
</body>
</html>
`;

const FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

/** GET /docs: the API's document as a page, from files that came with the package. */
export function docsRouter(): Router {
  const router = express.Router({ strict: true });
  const folder = dirname(require.resolve('swagger-ui-dist/package.json'));
  router.get('/docs', (_req, res) => void res.type('html').send(PAGE));
  router.get('/docs/', (req, res) => res.redirect(308, `${req.baseUrl}/docs`));
  router.get('/docs/initializer.js', (_req, res) => void res.type('text/javascript').send(INITIALIZER));
  for (const file of FILES) router.get(`/docs/${file}`, (_req, res) => res.sendFile(file, { root: folder, maxAge: '1d' }));
  return router;
}
