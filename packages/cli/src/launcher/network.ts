import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import { dialable, hostAndPort, settingsTable, splitAddress } from '@parley/runtime';
import type { ServicePlan } from './plan.js';

/** Network addresses of one `npm start`. */
export interface Network {
  /** Address that the processes listen on. */
  readonly host: string;
  /** Address at which the processes reach each other. */
  readonly ip: string;
  /** Host that clients connect to. */
  readonly publicHost: string;
}

/**
 * Resolves the addresses of one `npm start` from PARLEY_HOST and `--public-host`.
 * @throws {Error} if PARLEY_HOST does not resolve
 */
export async function networkOf(host: string, publicHost: string | undefined): Promise<Network> {
  const here = dialable(host);
  const found = await lookup(here).catch((cause: unknown) => {
    throw new Error(`PARLEY_HOST=${host} does not resolve. Use an address of this machine, 0.0.0.0 or ::.`, { cause });
  });
  return { host: isIP(host) === 0 ? found.address : host, ip: found.address, publicHost: publicHost ?? here };
}

function withOneMore(list: string, one: string): string {
  return list.split(',').includes(one) ? list : `${list},${one}`;
}

/** Returns the network settings of a process. Variables of the environment take precedence. */
export function networkSettings({ service, port }: ServicePlan, { host, ip, publicHost }: Network): NodeJS.ProcessEnv {
  const settings = { PARLEY_HOST: host };
  if (service === 'chat-service') {
    const addresses = { PARLEY_ADDR: hostAndPort(publicHost, port), PARLEY_INTERNAL_ADDR: hostAndPort(ip, port) };
    return { ...addresses, ...given('PARLEY_ADDR', 'PARLEY_INTERNAL_ADDR'), ...settings };
  }
  if (service !== 'channel-service') return settings;
  const { SERVER_HOSTS, SERVER_NETWORKS } = settingsTable;
  const allowed = {
    PARLEY_SERVER_HOSTS: withOneMore(SERVER_HOSTS.fallback ?? '', publicHost),
    PARLEY_SERVER_NETWORKS: withOneMore(SERVER_NETWORKS.fallback ?? '', `${ip}/${isIPv6(ip) ? 128 : 32}`),
  };
  return { ...allowed, ...given('PARLEY_SERVER_HOSTS', 'PARLEY_SERVER_NETWORKS'), ...settings };
}

function given(...names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/** Returns an address with the host that clients use. */
export function publicAddress(address: string, { publicHost }: Network): string {
  const [, scheme = '', rest = address] = /^(https?:\/\/)(.*)$/.exec(address) ?? [];
  return `${scheme}${hostAndPort(publicHost, splitAddress(rest).port)}`;
}
