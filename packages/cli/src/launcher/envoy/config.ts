import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { dialable, hostAndPort, splitAddress } from '@parley/runtime';
import { parse } from 'yaml';
import type { Network } from '../network.js';
import { projectFolder, type StartOptions } from '../options.js';
import { adminPort, inboxPort, type Plan, portsOf, type ServicePlan } from '../plan.js';

/** Number of chat server ports that `envoy.yaml` lists. */
const portRange = 16;

/** The parts of `envoy.yaml` that depend on the machine. */
export interface EnvoyAddresses {
  readonly host: string;
  readonly port: number;
  /** Unix socket of Envoy's admin pages. */
  readonly adminSocket?: string;
  /** Addresses of the hosts of each cluster, as `host:port`. */
  readonly clusters: Readonly<Record<string, readonly string[]>>;
  /** Ops ports of the hosts whose health Envoy checks there, by address. */
  readonly opsPorts?: Readonly<Record<string, number>>;
  /** Paths of PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** TLS to the services: a PEM file with their authorities, and the IP address that their certificates name. */
  readonly serviceTls?: { readonly ca: string; readonly ip: string };
}

/** The parts of a bootstrap that are replaced. */
interface Bootstrap {
  admin: { address: { pipe: { path: string } } };
  static_resources: {
    listeners: {
      address: { socket_address: { address: string; port_value: number } };
      filter_chains: { transport_socket?: object }[];
    }[];
    clusters: Cluster[];
  };
}

interface Cluster {
  name: string;
  typed_extension_protocol_options?: object;
  load_assignment: { endpoints: object[] };
}

const sockets = 'type.googleapis.com/envoy.extensions.transport_sockets';

function endpointOf(address: string, opsPort: number | undefined): object {
  const { host, port } = splitAddress(address);
  const check = opsPort === undefined ? {} : { health_check_config: { port_value: opsPort } };
  return { endpoint: { address: { socket_address: { address: host, port_value: port } }, ...check } };
}

function tlsSocket({ cert, key }: { readonly cert: string; readonly key: string }): object {
  const pair = { certificate_chain: { filename: resolve(cert) }, private_key: { filename: resolve(key) } };
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': `${sockets}.tls.v3.DownstreamTlsContext`,
      common_tls_context: { alpn_protocols: ['h2', 'http/1.1'], tls_certificates: [pair] },
    },
  };
}

function serviceSocket({ ca, ip }: NonNullable<EnvoyAddresses['serviceTls']>, isHttp2: boolean): object {
  const named = { san_type: 'IP_ADDRESS', matcher: { exact: ip } };
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': `${sockets}.tls.v3.UpstreamTlsContext`,
      common_tls_context: {
        alpn_protocols: [isHttp2 ? 'h2' : 'http/1.1'],
        validation_context: { trusted_ca: { filename: resolve(ca) }, match_typed_subject_alt_names: [named] },
      },
    },
  };
}

/** Returns `envoy.yaml` with these addresses, as JSON. Everything else stays as it is. */
async function renderEnvoy(addresses: EnvoyAddresses): Promise<string> {
  const { host, port, adminSocket, clusters, opsPorts, tls, serviceTls } = addresses;
  const text = await readFile(join(projectFolder, 'envoy.yaml'), 'utf8');
  const bootstrap = parse(text) as Bootstrap;
  if (adminSocket !== undefined) bootstrap.admin.address.pipe.path = adminSocket;
  for (const { address, filter_chains } of bootstrap.static_resources.listeners) {
    Object.assign(address.socket_address, { address: host, port_value: port });
    if (tls !== undefined) Object.assign(filter_chains[0] ?? {}, { transport_socket: tlsSocket(tls) });
  }
  for (const cluster of bootstrap.static_resources.clusters) {
    const hosts = clusters[cluster.name] ?? [];
    const isHttp2 = cluster.typed_extension_protocol_options !== undefined;
    if (serviceTls !== undefined) Object.assign(cluster, { transport_socket: serviceSocket(serviceTls, isHttp2) });
    cluster.load_assignment.endpoints = [{ lb_endpoints: hosts.map((one) => endpointOf(one, opsPorts?.[one])) }];
  }
  return JSON.stringify(bootstrap, null, 2);
}

/**
 * Returns the ports of the chat servers, and spare ports for chat servers that are started by hand.
 * Leaves out ports of other processes.
 */
function chatPorts({ first, chatServers, gateways, envoy }: Plan, { chatPort }: StartOptions): number[] {
  const others = [...first, ...gateways, ...(envoy === undefined ? [] : [envoy])];
  const taken = new Set([...others.flatMap(portsOf), ...chatServers.map(adminPort)]);
  const count = Math.max(chatServers.length, portRange);
  const range = Array.from({ length: count }, (_, index) => chatPort + index);
  return range.filter((port) => port <= 65_535 && !taken.has(port));
}

/**
 * Returns the addresses for `npm start`. Envoy calls the services with TLS if `ca` is given.
 * @throws {Error} if only one of `--envoy-cert` and `--envoy-key` is given
 */
export function localAddresses(
  plan: Plan,
  envoy: ServicePlan,
  { host, ip }: Pick<Network, 'host' | 'ip'>,
  options: StartOptions,
  ca?: string,
): EnvoyAddresses {
  const of = (plans: readonly ServicePlan[], service: ServicePlan['service']) =>
    plans.filter((one) => one.service === service).map(({ port }) => hostAndPort(ip, port));
  const { envoyCert: cert, envoyKey: key } = options;
  if ((cert === undefined) !== (key === undefined))
    throw new Error('Give both --envoy-cert and --envoy-key, or neither.');
  return {
    host,
    port: envoy.port,
    clusters: {
      'user-service': of(plan.first, 'user-service'),
      'channel-service': of(plan.first, 'channel-service'),
      'chat-service': chatPorts(plan, options).map((port) => hostAndPort(ip, port)),
      gateway: of(plan.gateways, 'gateway'),
      inbox: plan.gateways.map((one) => hostAndPort(ip, inboxPort(one))),
    },
    opsPorts: Object.fromEntries(plan.gateways.map((one) => [hostAndPort(ip, one.port), adminPort(one)])),
    ...(cert !== undefined && key !== undefined && { tls: { cert, key } }),
    ...(ca !== undefined && { serviceTls: { ca, ip } }),
  };
}

/**
 * Writes the configuration into a folder of its own. Returns the environment of Envoy's process.
 */
export async function writeEnvoyConfig(folder: string, addresses: EnvoyAddresses): Promise<NodeJS.ProcessEnv> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const adminSocket = join(folder, 'envoy.sock');
  const file = join(folder, 'envoy.json');
  await writeFile(file, await renderEnvoy({ adminSocket, ...addresses }), { mode: 0o600 });
  const scheme = addresses.tls === undefined ? 'http' : 'https';
  return {
    ENVOY_CONFIG: file,
    ENVOY_ADMIN: adminSocket,
    ENVOY_URL: `${scheme}://${hostAndPort(dialable(addresses.host), addresses.port)}`,
  };
}
