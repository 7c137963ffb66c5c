import path from 'node:path';
import { DefaultLogger, NativeConnection, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { createPayloadCodec, readEncryptionKeys } from '../../src/temporal/encryption.js';

/** A worker for the floor, in a process of its own like the one it is held against. */
async function main(): Promise<void> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const [address = '', taskQueue = '', namespace = '', keys = ''] = process.argv.slice(2);
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: path.join(__dirname, 'workflow.js'),
    logger: new DefaultLogger('ERROR'),
  });
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle,
    ...(keys && { dataConverter: { payloadCodecs: [createPayloadCodec(readEncryptionKeys(keys))] } }),
  });
  // a SIGTERM is heard by the SDK itself
  process.once('disconnect', () => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
  });
  process.send?.({});
  await worker.run();
  await connection.close();
  // the channel would keep the process alive
  if (process.connected) process.disconnect();
}

void main();
