import { type IncomingMessage, type ServerResponse, createServer, request } from 'node:http';

/** What the UI asks a running workflow for (a query, its stack) goes by POST and changes nothing. */
const ASKING = /^\/api\/v1\/namespaces\/[^/]+\/workflows\/[^/]+\/query\/[^/?]+(\?|$)/;
const SETTINGS = /^\/api\/v1\/settings(\?|$)/;
/** Names of the UI's own settings. */
const HIDDEN = {
  DisableWriteActions: true,
  WorkflowTerminateDisabled: true,
  WorkflowCancelDisabled: true,
  WorkflowSignalDisabled: true,
  WorkflowUpdateDisabled: true,
  WorkflowResetDisabled: true,
  WorkflowPauseDisabled: true,
  BatchActionsDisabled: true,
  StartWorkflowDisabled: true,
  ActivityCommandsDisabled: true,
};

/**
 * The Temporal UI of this machine for those who look: what it could write (cancel, terminate, reset, signal, start …) would
 * go round the second person. The dev server knows no setting for that, so this stands before its UI, refuses what is not
 * reading with 405, and tells the UI to offer none of it. Rejects when the port is in use.
 */
export async function serveReadOnlyUi({ host, port, uiPort }: { host: string; port: number; uiPort: number }): Promise<{ close(): void }> {
  const server = createServer((req, res) => {
    const { method = '', url = '', headers } = req;
    if (!['GET', 'HEAD', 'OPTIONS'].includes(method) && !(method === 'POST' && ASKING.test(url))) {
      // 12: the code by which gRPC says that there is no such call
      res
        .writeHead(405, { 'content-type': 'application/json' })
        .end(JSON.stringify({ code: 12, message: 'This UI is for looking: what changes a workflow goes over the pages.' }));
      return;
    }
    const settings = SETTINGS.test(url);
    // compressed settings could not be completed here
    const asked = request(
      { host, port: uiPort, method, path: url, headers: settings ? { ...headers, 'accept-encoding': 'identity' } : headers },
      (answer) => {
        if (settings && answer.statusCode === 200) return void completed(answer, res);
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(res);
      },
    );
    asked.on('error', () => (res.headersSent ? res.destroy() : res.writeHead(502).end()));
    res.on('close', () => asked.destroy());
    req.pipe(asked);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  return {
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function completed(answer: IncomingMessage, res: ServerResponse): Promise<void> {
  try {
    const parts: Buffer[] = [];
    for await (const part of answer) parts.push(part as Buffer);
    const text = JSON.stringify({ ...(JSON.parse(Buffer.concat(parts).toString()) as object), ...HIDDEN });
    const { 'content-length': _, ...headers } = answer.headers;
    res.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(text) }).end(text);
  } catch {
    if (res.headersSent) res.destroy();
    else res.writeHead(502).end();
  }
}
