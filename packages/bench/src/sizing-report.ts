import { textTable } from '@parley/runtime';
import { type DiskUse, measureDisk } from './disk.js';
import type { ProcessUse } from './process-cost.js';
import { type ProcessCosts, SizedSystem, type SizingPlan, sizedLogins } from './sizing.js';

/** Describes what each process costs, per unit of work. */
function costTable(costs: ProcessCosts, per: number, factor: number, unit: string): string {
  const rows = [...costs].map(([name, seconds]) => [name, ((seconds / per) * factor).toFixed(2)]);
  const sum = [...costs.values()].reduce((all, seconds) => all + seconds, 0);
  return textTable(['process', unit], [...rows, ['all', ((sum / per) * factor).toFixed(2)]]);
}

type Uses = ReadonlyMap<string, ProcessUse>;

function memoryTable(stages: Readonly<Record<string, Uses>>): string {
  const names = [...(Object.values(stages)[0]?.keys() ?? [])];
  const cell = (uses: Uses, name: string) => {
    const { kb = 0, descriptors = 0 } = uses.get(name) ?? {};
    return `${(kb / 1_024).toFixed(0)} MiB, ${descriptors} files`;
  };
  const rows = names.map((name) => [name, ...Object.values(stages).map((uses) => cell(uses, name))]);
  return textTable(['process', ...Object.keys(stages)], rows);
}

function diskTable({ tables, walBytes }: DiskUse, messages: number): string {
  const each = (bytes: number) => (bytes / messages).toFixed(0);
  const rows = [...tables].map(([name, one]) => [name, each(one.rows), each(one.indexes)]);
  const sum = [...tables.values()].reduce((all, one) => all + one.rows + one.indexes, 0);
  return `${textTable(['table', 'bytes per message', 'of its indexes'], rows)}
all tables ${each(sum)} bytes per message, write-ahead log ${each(walBytes)} bytes per message`;
}

/** Measures what people and messages cost, and prints it. */
export async function reportSizing(plan: SizingPlan): Promise<void> {
  const { people: count, seconds, log } = plan;
  const system = await SizedSystem.start(plan);
  try {
    const logins = await system.login();
    log(
      `CPU of the user-service for one login: ${(((logins.get('user-service') ?? 0) / sizedLogins) * 1_000).toFixed(0)} ms\n`,
    );
    const people = await system.makePeople();
    const empty = await system.use();
    const opened = await system.connect(people);
    log(`CPU to open one inbox, in milliseconds:\n${costTable(opened, count, 1_000, 'ms')}\n`);
    const connected = await system.use();
    const idle = await system.idle();
    log(
      `CPU while ${count} people are connected and nobody talks, in % of a core:\n${costTable(idle, seconds, 100, '%')}\n`,
    );
    const { costs, posts, bytes, walBytes, faults } = await system.post(people);
    log(
      `CPU while ${count} people read ${posts} messages in ${seconds} s, in % of a core:\n${costTable(costs, seconds, 100, '%')}`,
    );
    log(
      `  ${Math.round(bytes / posts)} bytes to inboxes and ${Math.round(walBytes / posts)} bytes of write-ahead log per message\n`,
    );
    for (const fault of faults) log(`  Not valid, because a post failed: ${fault}`);
    const busy = await system.use();
    log(`Memory, and open files and connections:\n${memoryTable({ empty, connected, busy })}\n`);
  } finally {
    await system.stop();
  }
  log(`Disk, for ${plan.rows} messages of ten words:\n${diskTable(await measureDisk(plan.rows), plan.rows)}`);
}
