import { relative } from 'node:path';
import { type Settings, shellWord, textTable } from '@parley/runtime';
import { defaultData } from '../run-file.js';
import { type Network, publicAddress } from './network.js';
import type { StartOptions } from './options.js';
import type { Listens, SupervisedProcess } from './service-process.js';

/** A process and its addresses. */
export interface Running {
  readonly process: SupervisedProcess;
  readonly listens: Listens;
}

/** Addresses of the services that a proxy connects to, by the name of the setting. */
export interface ProxyAddress {
  readonly PARLEY_MANAGERS: string;
  readonly PARLEY_USER_SERVICES: string;
}

/** The settings that say how clients connect. */
type AddressSettings = Pick<Settings, 'TLS_CERT' | 'TLS_CA' | 'ADDR' | 'ADDR_TLS'>;

/** Returns the main address of a process: HTTP, else gRPC. */
export function addressOf({ grpc, http }: Listens): string {
  return http ?? grpc ?? '';
}

function shortPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') ? path : fromHere;
}

/**
 * Quotes addresses for a shell if they have brackets, because a shell would take the brackets of
 * IPv6 for a pattern.
 */
function quoted(addresses: string): string {
  return addresses.includes('[') ? `'${addresses}'` : addresses;
}

/**
 * Returns the options that a first login needs if the addresses are not the default ones. Later
 * commands read the addresses from the login.
 */
function whereTo({ userPort, managerPort, managers }: StartOptions, upstreams: ProxyAddress): string {
  const userService = userPort === 50_051 ? '' : ` --user-service ${quoted(upstreams.PARLEY_USER_SERVICES)}`;
  return managerPort === 50_052 && managers === 1
    ? userService
    : `${userService} --manager ${quoted(upstreams.PARLEY_MANAGERS)}`;
}

/**
 * Returns the address of the web page: that of Envoy if it runs, else of the first gateway. With
 * PARLEY_ADDR, clients connect to a proxy, so it is the address on this machine.
 */
export function webPageOf(running: readonly Running[], network: Network, { ADDR }: Pick<Settings, 'ADDR'>): string {
  const doors = running.filter(({ listens }) => listens.http !== undefined);
  const envoy = doors.find(({ process: { name } }) => name === 'envoy');
  const publicHost = ADDR === undefined ? network.publicHost : network.ip;
  return publicAddress((envoy ?? doors[0])?.listens.http ?? '', { ...network, publicHost });
}

/** Returns the line about the web page. It names the proxy at PARLEY_ADDR first, if there is one. */
function pageLine(page: string, { ADDR, ADDR_TLS, TLS_CERT }: AddressSettings): string {
  if (ADDR === undefined) return `Web page: ${page}`;
  const isTls = ADDR_TLS ?? TLS_CERT !== undefined;
  const { origin } = new URL(`${isTls ? 'https' : 'http'}://${ADDR}`);
  return `Web page: ${origin} (on this machine, without your proxy: ${page})`;
}

/** Returns the text printed once everything runs: processes, addresses and commands to try. */
export function overview(
  running: readonly Running[],
  options: StartOptions,
  upstreams: ProxyAddress,
  network: Network,
  settings: AddressSettings,
): string {
  const { TLS_CERT, TLS_CA } = settings;
  const rows = running.map(({ process: { name, pid, logFile }, listens }) => [
    name,
    String(pid),
    addressOf(listens),
    listens.admin ?? '',
    shortPath(logFile),
  ]);
  const table = textTable(['service', 'pid', 'address', 'ops', 'log'], rows);
  const trust = TLS_CA === undefined ? ' --tls' : ` --ca ${shellWord(TLS_CA)}`;
  const where = `${whereTo(options, upstreams)}${TLS_CERT === undefined ? '' : trust}`;
  const grant =
    options.data === defaultData ? [] : [`admin grant ann --data ${shellWord(options.data)}  # makes ann an operator`];
  const next = [`register ann${where}`, `login ann${where}`, 'create lobby', 'chat lobby', ...grant].map(
    (command) => `  npx parley ${command}`,
  );
  const adminPage = running.map(({ listens }) => listens.adminPage).find((url) => url !== undefined);
  const pages = [
    pageLine(webPageOf(running, network, settings), settings),
    ...(adminPage === undefined ? [] : [`Admin page: ${adminPage}`]),
  ].join('\n');
  return `everything runs\n\n${table}\n${pages}\n\nNow try, in another terminal (\`npx parley --help\` lists all commands):\n${next.join('\n')}\n\nPress Ctrl-C to stop.`;
}
