import type { ChannelServer, Gateway } from '@parley/contract';
import { type ProcessState, processState } from '../../state/admin.js';
import { adminWords } from '../../words/admin.js';
import type { Column } from './data-table.js';
import { Shown } from './shown.js';
import { StateBadge } from './state-badge.js';

/** A process that reports to the database. */
export type Reporting = ChannelServer | Gateway;

const tones = { serving: 'good', draining: 'warn', stopped: 'plain', lost: 'bad' } as const satisfies Record<
  ProcessState,
  string
>;

/** Returns how long ago a process has reported, in whole seconds or minutes. */
export function reportedWords(ms: number): string {
  const say = adminWords().servers;
  const seconds = Math.round(ms / 1_000);
  return seconds < 120 ? say.seconds(`${seconds}`) : say.minutes(`${Math.floor(seconds / 60)}`);
}

export function ProcessBadge({ of }: { of: Reporting }) {
  const state = processState(of);
  return <StateBadge tone={tones[state]}>{adminWords().servers.states[state]}</StateBadge>;
}

/** The column with the name, which opens the process. */
export function nameColumn(onOpen: (id: string) => void): Column<Reporting> {
  return {
    title: adminWords().name,
    sort: ({ name }) => name,
    cell: ({ id, name }) => (
      <button type="button" className="link" onClick={() => onOpen(id)}>
        <Shown text={name} />
      </button>
    ),
  };
}

export function stateColumn(): Column<Reporting> {
  return { title: adminWords().state, sort: processState, cell: (one) => <ProcessBadge of={one} /> };
}

export function reportedColumn(): Column<Reporting> {
  const title = adminWords().servers.reported;
  const sort = ({ reportAgeMs }: Reporting) => reportAgeMs;
  return { title, isNumber: true, sort, cell: ({ reportAgeMs }) => reportedWords(reportAgeMs) };
}
