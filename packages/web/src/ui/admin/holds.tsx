import type { Hold } from '@parley/contract';
import { useCallback, useState } from 'react';
import { personHref } from '../../state/admin.js';
import { dateTime } from '../../state/times.js';
import { adminWords } from '../../words/admin.js';
import { Dialog } from '../dialog.js';
import { ConfirmedAction } from './confirmed-action.js';
import { type Column, DataTable } from './data-table.js';
import { Facts } from './facts.js';
import { ListEnd } from './list-end.js';
import { useOperator } from './operator-context.js';
import { Shown } from './shown.js';
import { type RowRange, usePages } from './use-pages.js';

function Subject({ of: { userId, channelId } }: { of: Hold }) {
  if (userId === '') return adminWords().holds.channel(channelId);
  return (
    <a href={personHref(userId)}>
      <Shown text={userId} />
    </a>
  );
}

function columnsOf(onOpen: (id: number) => void): Column<Hold>[] {
  const say = adminWords().holds;
  return [
    {
      title: say.hold,
      sort: ({ id }) => id,
      cell: ({ id }) => (
        <button type="button" className="link" onClick={() => onOpen(id)}>
          {id}
        </button>
      ),
    },
    { title: say.on, sort: ({ userId, channelId }) => userId || channelId, cell: (hold) => <Subject of={hold} /> },
    { title: say.setBy, sort: ({ setBy }) => setBy, cell: ({ setBy }) => <Shown text={setBy} /> },
    { title: say.since, sort: ({ setAt }) => setAt, cell: ({ setAt }) => dateTime(setAt) },
    { title: say.why, isLong: true, cell: ({ reason }) => <Shown text={reason} /> },
  ];
}

function useHolds() {
  const operator = useOperator();
  const load = useCallback(
    async (page: RowRange, signal: AbortSignal) => {
      const { holds, next } = await operator.calls.holds(page, { signal });
      return { rows: holds, next };
    },
    [operator],
  );
  return usePages<Hold>(load);
}

/** The legal holds that stand. */
export function HoldsSection() {
  const say = adminWords().holds;
  const [opened, setOpened] = useState<number>();
  const [notice, setNotice] = useState('');
  const list = useHolds();
  const hold = list.rows.find(({ id }) => id === opened);
  const onReleased = (released: Hold) => {
    list.change((rows) => rows.filter(({ id }) => id !== released.id));
    setNotice(say.released(released.id));
  };
  const open = (id: number) => {
    setOpened(id);
    setNotice('');
  };
  return (
    <>
      <p className="hint">{say.hint}</p>
      <p role="status">{notice}</p>
      {list.rows.length > 0 && (
        <DataTable label={say.tab} columns={columnsOf(open)} rows={list.rows} keyOf={({ id }) => id} />
      )}
      <ListEnd list={list} none={say.none} />
      {hold && <HoldDialog hold={hold} onReleased={onReleased} onClose={() => setOpened(undefined)} />}
    </>
  );
}

interface HoldDialogProps {
  readonly hold: Hold;
  readonly onReleased: (hold: Hold) => void;
  readonly onClose: () => void;
}

function HoldDialog({ hold, onReleased, onClose }: HoldDialogProps) {
  const operator = useOperator();
  const say = adminWords().holds;
  const release = async () => {
    await operator.calls.releaseHold(hold.id);
    onReleased(hold);
    return undefined;
  };
  return (
    <Dialog title={`${say.hold} ${hold.id}`} onClose={onClose}>
      <Facts
        of={[
          [say.on, <Subject key="on" of={hold} />],
          [say.setBy, <Shown key="by" text={hold.setBy} />],
          [say.since, dateTime(hold.setAt)],
          [say.why, <Shown key="why" text={hold.reason} />],
        ]}
      />
      <ConfirmedAction label={say.release} hint={say.releaseHint} isDangerous act={release} />
    </Dialog>
  );
}
