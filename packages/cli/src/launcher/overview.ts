import { relative } from 'node:path';
import { textTable } from '@parley/runtime';
import { type Network, publicAddress } from './network.js';
import type { StartOptions } from './options.js';
import type { Listens, SupervisedProcess } from './service-process.js';

/** A process, and where it listens. */
export interface Running {
  readonly process: SupervisedProcess;
  readonly listens: Listens;
}

/** The addresses behind the gateway, as its settings have them. */
export interface ProxyAddress {
  readonly PARLEY_MANAGERS: string;
  readonly PARLEY_USER_SERVICES: string;
}

export function addressOf({ grpc, http }: Listens): string {
  return grpc ?? http ?? '';
}

function shortPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') ? path : fromHere;
}

/** As a shell takes it: the brackets of an IPv6 address are a pattern to it. */
function quoted(addresses: string): string {
  return addresses.includes('[') ? `'${addresses}'` : addresses;
}

/** What a login has to be told where the addresses are not the usual ones; the commands behind it know it by then. */
function whereTo({ userPort, managerPort, managers }: StartOptions, behind: ProxyAddress): string {
  const userService = userPort === 50_051 ? '' : ` --user-service ${quoted(behind.PARLEY_USER_SERVICES)}`;
  return managerPort === 50_052 && managers === 1
    ? userService
    : `${userService} --manager ${quoted(behind.PARLEY_MANAGERS)}`;
}

/** What is printed once everything runs: who, where, and what to try. */
export function overview(
  running: readonly Running[],
  options: StartOptions,
  behind: ProxyAddress,
  network: Network,
): string {
  const rows = running.map(({ process: { name, pid, logFile }, listens }) => [
    name,
    String(pid),
    addressOf(listens),
    listens.admin ?? '',
    shortPath(logFile),
  ]);
  const table = textTable(['service', 'pid', 'address', 'admin', 'log'], rows);
  const where = whereTo(options, behind);
  const next = [`register ann${where}`, `login ann${where}`, 'create lobby', 'chat lobby'].map(
    (command) => `  npx parley ${command}`,
  );
  const page = publicAddress(running.at(-1)?.listens.http ?? '', network);
  return `everything runs\n\n${table}\nThe page: ${page}\n\nNow try, in another terminal (\`npx parley --help\` lists all):\n${next.join('\n')}\n\nPress Ctrl-C to stop.`;
}
