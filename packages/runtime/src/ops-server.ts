import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostAndPort } from './address.js';
import type { Part } from './lifecycle.js';
import type { Metrics } from './metrics.js';

/** Address of the ops port, and the metrics and the readiness that it shows. */
export interface OpsOptions {
  readonly host: string;
  /** Port to listen on. 0: any free port. */
  readonly port: number;
  readonly metrics: Metrics;
  /**
   * Resolves if the process can serve users. If it rejects, /readyz responds with the message of
   * the error.
   */
  readonly ready: () => Promise<void>;
}

export interface OpsServer extends Part {
  readonly port: number;
}

interface OpsResponse {
  readonly status: number;
  readonly body: string;
  /** Content type. Absent: plain text. */
  readonly type?: string;
}

async function readiness(ready: () => Promise<void>): Promise<OpsResponse> {
  try {
    await ready();
    return { status: 200, body: 'ready\n' };
  } catch (cause) {
    return { status: 503, body: `${cause instanceof Error ? cause.message : 'not ready'}\n` };
  }
}

async function respond(path: string | undefined, options: OpsOptions): Promise<OpsResponse> {
  if (path === '/healthz') return { status: 200, body: 'alive\n' };
  if (path === '/readyz') return readiness(options.ready);
  if (path === '/metrics') {
    const { metrics } = options;
    return { status: 200, body: await metrics.text(), type: metrics.registry.contentType };
  }
  return { status: 404, body: 'try /healthz, /readyz or /metrics\n' };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new Error(
          `Cannot listen on ${hostAndPort(host, port)}. Choose another PARLEY_ADMIN_PORT, or stop the process that uses it.`,
          { cause },
        ),
      ),
    );
    server.listen(port, host, () => resolve());
  });
}

/**
 * Serves the ops port: /healthz (alive), /readyz (able to serve users) and /metrics.
 * @throws {Error} with one sentence if the port is taken.
 */
export async function startOpsServer(options: OpsOptions): Promise<OpsServer> {
  const server = createServer((request, response) => {
    respond(request.url?.split('?')[0], options)
      .catch((): OpsResponse => ({ status: 500, body: 'failed\n' }))
      .then(({ status, body, type = 'text/plain; charset=utf-8' }) =>
        response.writeHead(status, { 'content-type': type }).end(body),
      );
  });
  await listen(server, options.port, options.host);
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
