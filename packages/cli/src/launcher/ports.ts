import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { dialable } from '@parley/runtime';
import { adminPagePort, portsOf, type ServicePlan } from './plan.js';

type Print = (line: string) => void;

function probe(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

function isListening(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: dialable(host), timeout: 500 });
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => end(true));
    for (const event of ['error', 'timeout'] as const) socket.once(event, () => end(false));
  });
}

/**
 * Longest time, in milliseconds, for which a closed connection keeps its local port. That port may
 * be one that a service needs.
 */
const lingerMs = 65_000;
const reportAfterMs = 2_000;
const againMs = 250;

/**
 * Checks a port. If the port is busy although nothing listens on it, waits until it is free, for at
 * most `lingerMs`. Returns the error code, or undefined if the port is free.
 */
async function probeForWhile(port: number, host: string, onWait: () => void): Promise<string | undefined> {
  let waits = false;
  for (const from = performance.now(); ; await pause(againMs)) {
    const fault = await probe(port, host);
    const waitedMs = performance.now() - from;
    if (fault !== 'EADDRINUSE' || waitedMs > lingerMs || (await isListening(port, host))) return fault;
    if (!waits && waitedMs > reportAfterMs) onWait();
    waits ||= waitedMs > reportAfterMs;
  }
}

function sentence(fault: string, port: number, plan: ServicePlan): string {
  const { name, option } = plan;
  if (fault === 'EADDRINUSE' && port === adminPagePort(plan)) {
    return `Port ${port} for the admin page is taken. Stop the process that uses it, or set PARLEY_ADMIN_PAGE to another address, or to off.`;
  }
  if (fault === 'EADDRINUSE') {
    return `Port ${port} for ${name} is taken. Stop the process that uses it, or choose another ${option}.`;
  }
  if (fault === 'EACCES') return `Port ${port} for ${name} is reserved for root. Choose another ${option}.`;
  return `Port ${port} for ${name} cannot be used (${fault}). Check PARLEY_HOST and ${option}.`;
}

/** Returns the ports that a process will use. PARLEY_ADMIN_PAGE moves the admin page or turns it off. */
function portsInUse(plan: ServicePlan): number[] {
  if (!process.env.PARLEY_ADMIN_PAGE) return portsOf(plan);
  return portsOf(plan).filter((port) => port !== adminPagePort(plan));
}

async function faultOf(plan: ServicePlan, host: string, print: Print): Promise<string | undefined> {
  for (const port of portsInUse(plan)) {
    const onWait = () =>
      print(`port ${port} for ${plan.name} is still held by a closed connection; waiting up to a minute for it`);
    const fault = await probeForWhile(port, host, onWait);
    if (fault !== undefined) return sentence(fault, port, plan);
  }
  return undefined;
}

/**
 * Checks that every port is free.
 * @throws {Error} that names the first port that is not free
 */
export async function checkFree(plans: readonly ServicePlan[], host: string, print: Print): Promise<void> {
  const faults = await Promise.all(plans.map((plan) => faultOf(plan, host, print)));
  const fault = faults.find((one) => one !== undefined);
  if (fault !== undefined) throw new Error(fault);
}
