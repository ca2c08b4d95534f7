import type { Client } from '@grpc/grpc-js';
import { HealthService } from '@parley/contract';
import { startServerStream } from '@parley/rpc';
import { errorText } from '../failure.js';
import { type Check, type Finding, fault, skipped, works } from './check.js';
import { type GrpcPort, grpcClient } from './grpc.js';
import { inTime, StepTimeout } from './step.js';
import { beginStream, noToken, streamKinds } from './streams.js';
import { type Surroundings, tokenFor, webEndpoint } from './surroundings.js';
import { withGateway } from './web.js';

const advice =
  'Let proxies, load balancers and firewalls on the way keep idle connections for at least 60 s (nginx: proxy_read_timeout and grpc_read_timeout; HAProxy: timeout client, server and tunnel).';

/** Returns what became of a connection that was left idle. */
async function survival(about: string, ended: Promise<string>, idleMs: number): Promise<Finding> {
  const from = performance.now();
  try {
    const why = await inTime(ended, idleMs);
    const seconds = Math.round((performance.now() - from) / 100) / 10;
    return fault(about, `An idle connection was cut after ${seconds} s${why}.`, advice);
  } catch (thrown) {
    if (thrown instanceof StepTimeout)
      return works(about, `A connection stays open while it is idle for ${idleMs / 1_000} s.`);
    throw thrown;
  }
}

/** Leaves a stream idle: that of the health of a service, which is silent while the health does not change. */
async function idleGrpc(port: GrpcPort, where: Surroundings): Promise<Finding> {
  const client: Client = grpcClient(port, where);
  const stream = startServerStream(client, HealthService.watch, { service: '' });
  const ended = new Promise<string>((resolve) => {
    stream.on('error', (error: Error) => resolve(` (${errorText(error)})`));
    stream.on('end', () => resolve(''));
  });
  try {
    const begun = new Promise<boolean>((resolve) => stream.once('data', () => resolve(true)));
    const hasBegun = await inTime(Promise.race([begun, ended.then(() => false)]), where.timeoutMs).catch(() => false);
    if (!hasBegun) return skipped(port.about, 'The stream of its health does not open. Most proxies do not pass it.');
    return await survival(port.about, ended, where.idleMs);
  } finally {
    stream.cancel();
    client.close();
  }
}

async function idleWeb(web: URL, where: Surroundings): Promise<Finding[]> {
  const token = tokenFor(where, webEndpoint(web));
  if (token === undefined) return noToken(where);
  const trials = streamKinds.map(async (kind) => {
    const { href } = new URL(kind.path, web);
    const begun = await beginStream(kind, web, token, where).catch(() => undefined);
    if (begun === undefined || 'problem' in begun)
      return skipped(href, 'No stream opens; the check "streams" says why.');
    const over = begun.stream.ended.then(() => '');
    return survival(href, over, where.idleMs).finally(begun.stream.close);
  });
  return Promise.all(trials);
}

/** Connections stay open while nothing is sent. */
export function idleCheck(where: Surroundings): Check {
  const run = async () => {
    const ofWeb = withGateway(where, (web) => idleWeb(web, where));
    const ofServices = Promise.all(where.services.map((one) => idleGrpc(one, where)));
    return [...(await ofWeb), ...(await ofServices)];
  };
  return { name: 'idle', run };
}
