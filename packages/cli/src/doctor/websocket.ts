import { openTextSocket } from '@parley/client/node';
import { errorText } from '../failure.js';
import { type Check, type Finding, fault, works } from './check.js';
import { inTime } from './step.js';
import type { Surroundings } from './surroundings.js';
import { failedRequest, strangeFinding, withGateway } from './web.js';
import { readWeb } from './web-request.js';

const advice =
  'Let the proxy pass WebSockets at /connect (nginx: proxy_http_version 1.1, and the headers Upgrade and Connection).';

/** A token that no server accepts. The refusal shows that frames pass in both directions. */
const noToken = JSON.stringify({ token: 'parley.doctor.probe' });

async function tryFrames(url: URL, { ca, timeoutMs }: Surroundings): Promise<Finding> {
  const opening = openTextSocket(url, { ca, protocols: ['parley.v1.json'] });
  const socket = await inTime(
    opening,
    timeoutMs,
    () =>
      void opening.then(
        (late) => late.close(),
        () => {},
      ),
  );
  try {
    const answered = new Promise<string>((resolve) => socket.onText(resolve));
    socket.send(noToken);
    const text = await inTime(Promise.race([answered, socket.closed.then(() => '')]), timeoutMs);
    if (text.includes('"goodbye"')) return works(url.href, 'A WebSocket opens, and frames pass in both directions.');
    return fault(url.href, 'A WebSocket opens, but the server closes it without a frame.', advice);
  } finally {
    socket.close();
  }
}

const upgradeRequired = 426;

/** Asks for the path of WebSockets without one, to find out why none opens. */
async function whyClosed(url: URL, web: URL, where: Surroundings, thrown: unknown): Promise<Finding> {
  try {
    const response = await readWeb(new URL('/connect', web), where);
    if (response.status !== upgradeRequired) return strangeFinding(url.href, response);
    return fault(url.href, `No WebSocket opens, although requests reach the gateway (${errorText(thrown)}).`, advice);
  } catch (failed) {
    return failedRequest(url.href, failed);
  }
}

/** WebSockets open, and frames pass. Needs no account. */
export function webSocketCheck(where: Surroundings): Check {
  const examine = async (web: URL): Promise<Finding[]> => {
    const url = new URL('/connect', web.href.replace(/^http/, 'ws'));
    const finding = await tryFrames(url, where).catch((thrown: unknown) => {
      const found = failedRequest(url.href, thrown);
      return found.level === 'skipped' ? found : whyClosed(url, web, where, thrown);
    });
    return [finding];
  };
  return { name: 'websocket', run: () => withGateway(where, examine) };
}
