import { setTimeout as pause } from 'node:timers/promises';
import { InboxService, WatchRequest } from '@parley/contract';
import { type Check, type Finding, fault, skipped, works } from './check.js';
import { webCallOf } from './grpc-web.js';
import { inTime, StepTimeout } from './step.js';
import { type Surroundings, tokenFor, webEndpoint } from './surroundings.js';
import { failedRequest, strangeFinding, withGateway } from './web.js';
import type { WebRequest } from './web-request.js';
import { openWebStream, type StreamedResponse } from './web-stream.js';

/** Pause before a stream is opened again, in milliseconds. */
const againAfterMs = 1_000;

const advice =
  'Turn buffering off in the proxy for the paths /events and /chat.v1. (nginx: proxy_buffering off, no gzip for text/event-stream, and no proxy_ignore_headers X-Accel-Buffering).';

/** A stream of a gateway, and the request that opens it. */
export interface StreamKind {
  readonly path: string;
  readonly sent: WebRequest;
  /** Beginning of the content type of a response from Parley. */
  readonly type: string;
}

/** Streams of a user. The gateway sends the first bytes of each at once. */
export const streamKinds: readonly StreamKind[] = [
  {
    path: '/events',
    sent: { headers: { accept: 'text/event-stream', 'accept-encoding': 'gzip' } },
    type: 'text/event-stream',
  },
  {
    path: InboxService.watch.path,
    sent: webCallOf(WatchRequest.encode({ after: '', seen: [] }).finish(), 'text'),
    type: 'application/grpc-web-text',
  },
];

/** Returns the finding of a check that needs a stored login, if there is none that may be sent. */
export function noToken({ login }: Surroundings): Finding[] {
  if (login === undefined)
    return [
      skipped('streams', 'Nobody is logged in.', 'Log in with `npx parley login`, so that streams can be tried.'),
    ];
  return [
    skipped(
      'streams',
      'The token would travel to another machine in plain text.',
      'Give an https URL with --gateway, or --insecure.',
    ),
  ];
}

/** A stream whose first bytes have arrived, or why there is none. */
export type BegunStream = { readonly stream: StreamedResponse } | { readonly problem: Finding };

/** Returns whether a gateway only asks to try again, as it does if streams are opened too often. */
function isTemporary({ response: { status } }: StreamedResponse, first: Buffer): boolean {
  return status === 429 || status === 503 || first.subarray(0, 6).toString() === 'retry:';
}

function problemOf(about: string, { response }: StreamedResponse, type: string, first: Buffer): Finding | undefined {
  const { status, headers } = response;
  if (status === 401 || status === 403)
    return skipped(about, 'The stored login is not valid here; the check "login" says more.');
  if (status !== 200 || !headers['content-type']?.startsWith(type)) return strangeFinding(about, response);
  return first.length > 0 ? undefined : fault(about, 'The stream ends at once.', advice);
}

/**
 * Opens a stream and waits for its first bytes. Tries again while the gateway asks for that.
 * @throws {StepTimeout} if no bytes arrive; {Error} of the connection
 */
export async function beginStream(
  { path, sent, type }: StreamKind,
  web: URL,
  token: string,
  where: Surroundings,
): Promise<BegunStream> {
  const url = new URL(path, web);
  for (const end = performance.now() + where.timeoutMs; ; await pause(againAfterMs)) {
    const stream = await openWebStream(url, where, { ...sent, token });
    const first = await inTime(stream.first, where.timeoutMs, stream.close);
    const isLate = performance.now() > end;
    if (isTemporary(stream, first)) {
      stream.close();
      if (isLate)
        return {
          problem: skipped(
            url.href,
            'The gateway accepts no more streams of this user right now.',
            'Try again in a minute.',
          ),
        };
      continue;
    }
    const problem = problemOf(url.href, stream, type, first);
    if (problem === undefined) return { stream };
    stream.close();
    return { problem };
  }
}

async function tryStream(kind: StreamKind, web: URL, token: string, where: Surroundings): Promise<Finding> {
  const { href } = new URL(kind.path, web);
  try {
    const begun = await beginStream(kind, web, token, where);
    if ('problem' in begun) return begun.problem;
    begun.stream.close();
    return works(href, 'The first bytes of a stream arrive at once.');
  } catch (thrown) {
    if (!(thrown instanceof StepTimeout)) return failedRequest(href, thrown);
    return fault(href, `Streams are buffered: no byte arrived within ${where.timeoutMs / 1_000} s.`, advice);
  }
}

/** Streams arrive without buffering: server-sent events and gRPC-Web. */
export function streamsCheck(where: Surroundings): Check {
  const examine = async (web: URL): Promise<Finding[]> => {
    const token = tokenFor(where, webEndpoint(web));
    if (token === undefined) return noToken(where);
    return Promise.all(streamKinds.map((kind) => tryStream(kind, web, token, where)));
  };
  return { name: 'streams', run: () => withGateway(where, examine) };
}
