import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostAndPort } from './address.js';
import type { Part } from './lifecycle.js';
import type { Metrics } from './metrics.js';

export interface AdminOptions {
  readonly host: string;
  /** 0 = a free port. */
  readonly port: number;
  readonly metrics: Metrics;
  /** Resolves while the process can serve; its rejection is what /readyz answers. */
  readonly ready: () => Promise<void>;
}

export interface AdminServer extends Part {
  readonly port: number;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  /** Absent: plain text. */
  readonly type?: string;
}

async function readiness(ready: () => Promise<void>): Promise<Answer> {
  try {
    await ready();
    return { status: 200, body: 'ready\n' };
  } catch (cause) {
    return { status: 503, body: `${cause instanceof Error ? cause.message : 'not ready'}\n` };
  }
}

async function answer(path: string | undefined, options: AdminOptions): Promise<Answer> {
  if (path === '/healthz') return { status: 200, body: 'alive\n' };
  if (path === '/readyz') return readiness(options.ready);
  if (path === '/metrics') {
    const { registry } = options.metrics;
    return { status: 200, body: await registry.metrics(), type: registry.contentType };
  }
  return { status: 404, body: 'try /healthz, /readyz or /metrics\n' };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new Error(
          `cannot listen on ${hostAndPort(host, port)}: choose another PARLEY_ADMIN_PORT or stop what uses it`,
          { cause },
        ),
      ),
    );
    server.listen(port, host, () => resolve());
  });
}

/** Serves /healthz (alive), /readyz (able to serve) and /metrics. Rejects with one sentence where the port is taken. */
export async function startAdminServer(options: AdminOptions): Promise<AdminServer> {
  const server = createServer((request, response) => {
    answer(request.url?.split('?')[0], options)
      .catch((): Answer => ({ status: 500, body: 'failed\n' }))
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
