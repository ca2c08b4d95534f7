import { ChannelService } from '@parley/contract';
import { limits, settingsTable } from '@parley/runtime';
import { type Check, type Finding, fault, works } from './check.js';
import { hasReason, webCallOf } from './grpc-web.js';
import type { Surroundings } from './surroundings.js';
import { failedRequest, strangeFinding, withGateway } from './web.js';
import { readWeb, type WebResponse } from './web-request.js';
import { openWebStream } from './web-stream.js';

const tooLarge = 413;
/** Bytes of a request around the largest message. */
const aroundBytes = 1_024;

function advice(bytes: number): string {
  return `Let the proxy accept bodies of ${bytes} bytes (nginx: client_max_body_size; Caddy: request_body max_size).`;
}

/** Returns a request with an unknown field, which servers ignore, of that many bytes. */
function padded(bytes: number): Uint8Array {
  const tag = Buffer.from([0xfa, 0x7f]); // Field 2047, with bytes.
  const length = Buffer.from([0x80 | (bytes & 0x7f), 0x80 | ((bytes >> 7) & 0x7f), bytes >> 14]);
  return Buffer.concat([tag, length, Buffer.alloc(bytes)]);
}

async function messageFinding(web: URL, where: Surroundings): Promise<Finding> {
  const bytes = limits.messageBytes - aroundBytes;
  const url = new URL(ChannelService.listChannels.path, web);
  const about = `${url.origin}, a message of ${limits.messageBytes / 1_024} KiB`;
  const response = await readWeb(url, where, webCallOf(padded(bytes), 'binary'));
  if (hasReason(response, 'binary')) return works(about, 'It reaches Parley.');
  if (response.status === tooLarge)
    return fault(about, 'A proxy refuses it as too large (HTTP 413).', advice(limits.frameBytes * 2));
  return strangeFinding(about, response);
}

/** Sends only the headers of an upload. A proxy that limits bodies refuses it before the body. */
async function announceUpload(url: URL, where: Surroundings, bytes: number): Promise<WebResponse> {
  const headers = {
    'content-type': 'application/offset+octet-stream',
    'content-length': String(bytes),
    'tus-resumable': '1.0.0',
    expect: '100-continue',
  };
  const stream = await openWebStream(url, where, { method: 'POST', headers });
  stream.close();
  return stream.response;
}

async function uploadFinding(web: URL, where: Surroundings): Promise<Finding> {
  const bytes = Number(where.env.PARLEY_FILE_BYTES || settingsTable.FILE_BYTES.fallback);
  const url = new URL('/api/v1/uploads', web);
  const about = `${url.href}, a file of ${Math.round(bytes / 1_048_576)} MiB`;
  const response = await announceUpload(url, where, bytes);
  if (response.headers['content-type']?.startsWith('application/problem+json'))
    return works(about, 'An upload of that size reaches Parley.');
  if (response.status === tooLarge)
    return fault(about, 'A proxy refuses uploads of that size (HTTP 413).', advice(bytes));
  return strangeFinding(about, response);
}

/** The largest messages and files pass the proxies. Needs no account. */
export function messageSizeCheck(where: Surroundings): Check {
  const examine = async (web: URL): Promise<Finding[]> => {
    const failed = (thrown: unknown) => failedRequest(web.origin, thrown);
    return Promise.all([messageFinding(web, where).catch(failed), uploadFinding(web, where).catch(failed)]);
  };
  return { name: 'sizes', run: () => withGateway(where, examine) };
}
