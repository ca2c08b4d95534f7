import type { AbuseReport } from '@parley/contract';
import { useCallback, useState } from 'react';
import { personHref } from '../../state/admin.js';
import { excerpt } from '../../state/text.js';
import { dateTime } from '../../state/times.js';
import { adminWords } from '../../words/admin.js';
import { Dialog } from '../dialog.js';
import { useAction } from '../use-action.js';
import { AdminRefusal } from './admin-refusal.js';
import { type Column, DataTable } from './data-table.js';
import { Facts } from './facts.js';
import { ListEnd } from './list-end.js';
import { useOperator } from './operator-context.js';
import { Shown } from './shown.js';
import { StateBadge } from './state-badge.js';
import { type RowRange, usePages } from './use-pages.js';

/** Maximum number of characters of a message in the table. A long one would delay the page; the dialog has all of it. */
const mostInTable = 300;

function placeOf({ channelId, seq }: AbuseReport): string {
  return seq === 0 ? '' : adminWords().reports.place(channelId, seq);
}

function ReportBadge({ of: { resolved } }: { of: AbuseReport }) {
  const say = adminWords().reports;
  return <StateBadge tone={resolved ? 'plain' : 'warn'}>{resolved ? say.resolved : say.open}</StateBadge>;
}

function columnsOf(onOpen: (id: number) => void): Column<AbuseReport>[] {
  const { reports: say, state } = adminWords();
  return [
    {
      title: say.report,
      sort: ({ id }) => id,
      cell: ({ id }) => (
        <button type="button" className="link" onClick={() => onOpen(id)}>
          {id}
        </button>
      ),
    },
    { title: state, sort: ({ resolved }) => Number(resolved), cell: (report) => <ReportBadge of={report} /> },
    { title: say.at, sort: ({ createdAt }) => createdAt, cell: ({ createdAt }) => dateTime(createdAt) },
    { title: say.by, sort: ({ by }) => by, cell: ({ by }) => <Shown text={by} /> },
    { title: say.about, sort: ({ userId }) => userId, cell: ({ userId }) => <Shown text={userId} /> },
    { title: say.why, isLong: true, cell: ({ reason }) => <Shown text={reason} /> },
    { title: say.message, isLong: true, cell: ({ text }) => <Shown text={excerpt(text, mostInTable)} /> },
  ];
}

function useReports(resolved: boolean) {
  const operator = useOperator();
  const load = useCallback(
    async (page: RowRange, signal: AbortSignal) => {
      const { reports, next } = await operator.calls.reports({ resolved, page }, { signal });
      return { rows: reports, next };
    },
    [operator, resolved],
  );
  return usePages<AbuseReport>(load);
}

/** The reports of abuse. */
export function ReportsSection() {
  const say = adminWords().reports;
  const [withResolved, setWithResolved] = useState(false);
  const [opened, setOpened] = useState<number>();
  const list = useReports(withResolved);
  const report = list.rows.find(({ id }) => id === opened);
  const onResolved = (resolved: AbuseReport) =>
    list.change((rows) => rows.map((one) => (one.id === resolved.id ? { ...one, resolved: true } : one)));
  return (
    <>
      <label className="check">
        <input type="checkbox" checked={withResolved} onChange={({ target }) => setWithResolved(target.checked)} />{' '}
        {say.withResolved}
      </label>
      {list.rows.length > 0 && (
        <DataTable label={say.tab} columns={columnsOf(setOpened)} rows={list.rows} keyOf={({ id }) => id} />
      )}
      <ListEnd list={list} none={say.none} />
      {report && <ReportDialog report={report} onResolved={onResolved} onClose={() => setOpened(undefined)} />}
    </>
  );
}

interface ReportDialogProps {
  readonly report: AbuseReport;
  readonly onResolved: (report: AbuseReport) => void;
  readonly onClose: () => void;
}

function ReportDialog({ report, onResolved, onClose }: ReportDialogProps) {
  const operator = useOperator();
  const { reports: say, state } = adminWords();
  const { busy, refused, run } = useAction(async () => {
    await operator.calls.resolveReport(report.id);
    onResolved(report);
  });
  return (
    <Dialog title={`${say.report} ${report.id}`} onClose={onClose}>
      <Facts
        of={[
          [state, <ReportBadge key="state" of={report} />],
          [say.at, dateTime(report.createdAt)],
          [say.by, <Shown key="by" text={report.by} />],
          [say.about, <Shown key="about" text={report.userId} />],
          [say.why, <Shown key="why" text={report.reason} />],
          [say.message, report.text === '' ? '' : <Shown key="text" text={report.text} />],
          [adminWords().id, placeOf(report)],
        ]}
      />
      <AdminRefusal refused={refused} />
      <div className="choices">
        {!report.resolved && (
          <button type="button" className="primary" disabled={busy} onClick={run}>
            {say.resolve}
          </button>
        )}
        <a className="quiet" href={personHref(report.userId)}>
          {say.showPerson}
        </a>
      </div>
    </Dialog>
  );
}
