// The counter's pages: built into dist/counter, served by the API. `npx vite` serves them while one works on them.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const root = path.dirname(fileURLToPath(import.meta.url));

export default defineConfig({
  root: path.join(root, 'src/counter'),
  publicDir: false,
  cacheDir: path.join(root, 'node_modules/.vite'),
  build: {
    outDir: path.join(root, 'dist/counter'),
    emptyOutDir: true,
    target: 'es2022',
    // the content security policy knows no data: fonts and no inline scripts
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
  server: { proxy: { '/api': `http://127.0.0.1:${process.env.TASVIEH_API_PORT ?? 8080}` } },
});
