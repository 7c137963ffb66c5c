// One for all tabs of the browser: it opens only six connections to a host over plain HTTP.
import { EventStream } from './events';
import type { FromWorker, ToWorker } from './follow';

const stream = new EventStream();

addEventListener('connect', (event) => {
  const [port] = (event as MessageEvent).ports;
  if (port === undefined) return;
  const stops = new Map<number, () => void>();
  const drop = (key: number): void => {
    stops.get(key)?.();
    stops.delete(key);
  };
  port.onmessage = ({ data }: MessageEvent<ToWorker>) => {
    if ('follow' in data) {
      const { key, follow } = data;
      drop(key);
      stops.set(
        key,
        stream.follow(follow, (happening) => port.postMessage({ key, happening } satisfies FromWorker)),
      );
    } else if ('drop' in data) drop(data.drop);
    else for (const key of [...stops.keys()]) drop(key);
  };
});
