import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import { dialable, hostAndPort, settingsTable, splitAddress } from '@parley/runtime';
import type { ServicePlan } from './plan.js';

/** Where the processes of one `npm start` listen, and what is told of it. */
export interface Network {
  /** What they listen on. */
  readonly host: string;
  /** Where each of them reaches the others. */
  readonly ip: string;
  /** What clients are told. */
  readonly publicHost: string;
}

/** Throws one sentence where PARLEY_HOST is no address. */
export async function networkOf(host: string, publicHost: string | undefined): Promise<Network> {
  const here = dialable(host);
  const found = await lookup(here).catch((cause: unknown) => {
    throw new Error(`PARLEY_HOST=${host} has no address: use one of this machine, or 0.0.0.0 or ::`, { cause });
  });
  return { host: isIP(host) === 0 ? found.address : host, ip: found.address, publicHost: publicHost ?? here };
}

function withOneMore(list: string, one: string): string {
  return list.split(',').includes(one) ? list : `${list},${one}`;
}

/** What of it the processes of a plan have to know, unless the environment says it. */
export function networkSettings({ service, port }: ServicePlan, { host, ip, publicHost }: Network): NodeJS.ProcessEnv {
  const settings = { PARLEY_HOST: host };
  if (service === 'chat-service') {
    const told = { PARLEY_ADDR: hostAndPort(publicHost, port), PARLEY_INTERNAL_ADDR: hostAndPort(ip, port) };
    return { ...told, ...given('PARLEY_ADDR', 'PARLEY_INTERNAL_ADDR'), ...settings };
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

/** The same door, as clients are told it. */
export function publicAddress(address: string, { publicHost }: Network): string {
  const [, scheme = '', rest = address] = /^(https?:\/\/)(.*)$/.exec(address) ?? [];
  return `${scheme}${hostAndPort(publicHost, splitAddress(rest).port)}`;
}
