import { setTimeout as pause } from 'node:timers/promises';
import { cpuSeconds, quantile, residentKb } from '../figures.js';
import { ChannelLoad } from './channel-load.js';
import { EdgeWire } from './edge-wire.js';
import { GrpcWire } from './grpc-wire.js';
import type { Job, JobOutcome } from './job.js';
import { TcpWire } from './tcp-wire.js';
import type { BenchWire } from './wire.js';
import { WsWire } from './ws-wire.js';

const joinsAtOnce = 50;
const drainMs = 5_000;
const settleMs = 2_000;
const maxGeneratorShare = 0.9;

/** Opens one wire to each server, by address. */
function wiresOf({ wire, seats, connections = Number.POSITIVE_INFINITY }: Job): Map<string, BenchWire> {
  const open = (address: string): BenchWire => {
    if (wire === 'grpc') return new GrpcWire(address, connections);
    if (wire === 'tcp') return new TcpWire(address);
    return wire === 'edge' ? new EdgeWire(address) : new WsWire(address);
  };
  return new Map([...new Set(seats.map(({ address }) => address))].map((address) => [address, open(address)]));
}

function channelsOf(job: Job, wires: ReadonlyMap<string, BenchWire>): ChannelLoad[] {
  const dead = job.dead === true ? 1 : 0;
  return [...new Set(job.seats.map(({ channel }) => channel))].map((channel) => {
    const own = job.seats.filter((seat) => seat.channel === channel);
    return new ChannelLoad(channel, own.length - dead, wires.get(own[0]?.address ?? '') as BenchWire, job);
  });
}

function sumOf<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((sum, one) => sum + of(one), 0);
}

/** Joins all users, several at a time. */
async function joinAll(job: Job, channels: readonly ChannelLoad[]): Promise<void> {
  const next = channels.map(() => 0);
  const seats = job.seats.values();
  const joinSome = async () => {
    for (const seat of seats) {
      const user = next[seat.channel] ?? 0;
      next[seat.channel] = user + 1;
      await channels[seat.channel]?.join(user, seat);
    }
  };
  await Promise.all(Array.from({ length: joinsAtOnce }, joinSome));
}

/** Sends at a fixed rate, one message in each channel in turn. Catches up after a delay. */
function sendSteadily(channels: readonly ChannelLoad[], perSecond: number): () => void {
  const began = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = ((performance.now() - began) * perSecond * channels.length) / 1_000;
    for (; sent < due; sent++) channels[sent % channels.length]?.send(1);
  }, 1);
  return () => clearInterval(timer);
}

function startSending(job: Job, channels: readonly ChannelLoad[]): () => void {
  if (job.perSecond !== undefined) return sendSteadily(channels, job.perSecond);
  for (const channel of channels) channel.start();
  return () => {
    for (const channel of channels) channel.stop();
  };
}

function startReceipts(job: Job, channels: readonly ChannelLoad[]): () => void {
  if (job.receipts !== true) return () => {};
  const timer = setInterval(() => {
    for (const channel of channels) channel.sendReceipts();
  }, 1_000);
  return () => clearInterval(timer);
}

function sample(job: Job, channels: readonly ChannelLoad[]) {
  const { user, system } = process.cpuUsage();
  return {
    at: performance.now() / 1_000,
    received: sumOf(channels, ({ received }) => received),
    server: sumOf(job.serverPids, cpuSeconds),
    own: (user + system) / 1e6,
  };
}

/** Extends a measurement in which nothing has arrived, because a busy machine stood still. */
async function somethingArrives(channels: readonly ChannelLoad[], received: number): Promise<void> {
  const until = performance.now() + drainMs;
  while (performance.now() < until && sumOf(channels, (one) => one.received) === received) await pause(20);
}

async function drain(channels: readonly ChannelLoad[]): Promise<void> {
  const until = performance.now() + drainMs;
  while (performance.now() < until && !channels.every(({ isComplete }) => isComplete)) await pause(20);
}

function faultsOf(channels: readonly ChannelLoad[], generatorShare: number): string[] {
  const faults = channels.flatMap(({ bytes }) => bytes.faults);
  const short = channels.filter(({ isComplete }) => !isComplete).length;
  if (short > 0) faults.push(`messages are missing in ${short} channels`);
  if (generatorShare > maxGeneratorShare) faults.push(`the generator took ${generatorShare.toFixed(2)} of its core`);
  return faults;
}

async function measure(job: Job, channels: readonly ChannelLoad[]): Promise<JobOutcome> {
  const stop = startSending(job, channels);
  const stopReceipts = startReceipts(job, channels);
  await pause(job.seconds * 500);
  for (const { latenciesMs } of channels) latenciesMs.length = 0;
  const before = sample(job, channels);
  await pause(job.seconds * 1_000);
  await somethingArrives(channels, before.received);
  const after = sample(job, channels);
  const latencies = channels.flatMap(({ latenciesMs }) => latenciesMs);
  stop();
  stopReceipts();
  await drain(channels);
  const seconds = after.at - before.at;
  const generatorShare = (after.own - before.own) / seconds;
  return {
    deliveries: after.received - before.received,
    seconds,
    serverCpuSeconds: after.server - before.server,
    generatorShare,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    kbPerStream: Number.NaN,
    faults: faultsOf(channels, generatorShare),
  };
}

const noMessages = { deliveries: 0, seconds: 0, serverCpuSeconds: 0, generatorShare: 0, p50Ms: 0, p99Ms: 0 };

/** Joins all users, runs the job, and disconnects them. */
export async function playRound(job: Job): Promise<JobOutcome> {
  const wires = wiresOf(job);
  const channels = channelsOf(job, wires);
  const before = sumOf(job.serverPids, residentKb);
  try {
    await joinAll(job, channels);
    if (job.seconds > 0) return await measure(job, channels);
    await pause(settleMs);
    const kbPerStream = (sumOf(job.serverPids, residentKb) - before) / job.seats.length;
    return { ...noMessages, kbPerStream, faults: faultsOf(channels, 0) };
  } finally {
    for (const channel of channels) channel.end();
    for (const wire of wires.values()) wire.close();
  }
}
