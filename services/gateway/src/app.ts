import { dialable, hostAndPort, type ProcessContext, type RunningService, repeat } from '@parley/runtime';
import { clientCredentials, keyPair, renewKeyPair, ServiceHost } from '@parley/service-kit';
import { Upstreams } from './clients/upstreams.js';
import type { GatewayConfig } from './config.js';
import { Bridge } from './http/bridge.js';
import { crossOrigin } from './http/cross-origin.js';
import { startHttpServer } from './http/http-server.js';
import { serveKeys } from './http/keys.js';
import { Page } from './http/page.js';
import { ChatRoutes } from './http/routes.js';
import { JoinKeys } from './store/join-keys.js';
import { LivingServers } from './store/living-servers.js';

const lookEveryMs = 1_000;

/** Plugs a gateway together. All that it knows is in the database: any number may run. */
export async function startGateway(config: GatewayConfig, context: ProcessContext): Promise<RunningService> {
  const { settings, log, metrics } = context;
  const { proxies } = config;
  const tls = keyPair(settings);
  const page = await Page.read(config.webDir);
  const host = await ServiceHost.open(config.host, context);
  const living = new LivingServers(host.pool);
  const joinKeys = new JoinKeys(host.pool);
  const upstreams = host.parts.add('upstreams', new Upstreams(config, clientCredentials(settings)));
  const look = async () => {
    await Promise.all([living.look(), joinKeys.look()]);
    upstreams.keepOnly(living.addresses);
  };
  await look();
  const failed = (err: unknown) => log.warn({ err }, 'chat servers and keys were not read; those of before stay');
  host.parts.add('look', repeat(lookEveryMs, 0.1, look, failed));
  host.readiness.require('what is behind', () => upstreams.checkReachable());
  const bridge = new Bridge({ upstreams, routes: new ChatRoutes(host.keys, living), proxies, log, metrics });
  const doors = [crossOrigin(config.origins), bridge.door, serveKeys(joinKeys), page.door];
  const { host: address, port, stopMs } = config.host;
  const http = await startHttpServer({ address, port, tls, stopMs, doors });
  host.parts.add('http', http);
  host.parts.add('certificate', renewKeyPair(settings, log, http.renew));
  host.parts.add('bridge', bridge);
  return host.run({ http: `${tls === undefined ? 'http' : 'https'}://${hostAndPort(dialable(address), http.port)}` });
}
