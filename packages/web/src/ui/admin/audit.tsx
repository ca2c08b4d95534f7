import type { AuditEntry } from '@parley/contract';
import { useCallback, useId, useState } from 'react';
import { auditDetail } from '../../state/admin.js';
import { fullTime } from '../../state/times.js';
import { adminWords } from '../../words/admin.js';
import { type Column, DataTable } from './data-table.js';
import { ListEnd } from './list-end.js';
import { useOperator } from './operator-context.js';
import { Shown } from './shown.js';
import { type RowRange, usePages } from './use-pages.js';

/** An entry with a key of its own, because entries have none. */
interface KeyedEntry extends AuditEntry {
  readonly key: string;
}

function columns(): Column<KeyedEntry>[] {
  const say = adminWords().audit;
  return [
    { title: say.at, cell: ({ at }) => fullTime(at) },
    { title: say.by, cell: ({ actor }) => <Shown text={actor} /> },
    { title: say.action, cell: ({ action }) => <Shown text={action} /> },
    { title: say.of, cell: ({ target }) => <Shown text={target} /> },
    { title: say.detail, isLong: true, cell: ({ detail }) => <Shown text={auditDetail(detail)} /> },
  ];
}

function useAudit() {
  const operator = useOperator();
  const load = useCallback(
    async (page: RowRange, signal: AbortSignal) => {
      const { entries, next } = await operator.calls.audit(page, { signal });
      return { rows: entries.map((entry, index) => ({ ...entry, key: `${page.after} ${index}` })), next };
    },
    [operator],
  );
  return usePages<KeyedEntry>(load);
}

function isFound({ actor, action, target, detail }: AuditEntry, text: string): boolean {
  return [actor, action, target, detail].some((one) => one.toLowerCase().includes(text.toLowerCase()));
}

/** The actions of operators, the newest first. */
export function AuditSection() {
  const say = adminWords().audit;
  const [text, setText] = useState('');
  const hintId = useId();
  const list = useAudit();
  const rows = list.rows.filter((entry) => isFound(entry, text));
  return (
    <>
      <div className="search-form">
        <input
          type="search"
          aria-label={say.filter}
          aria-describedby={hintId}
          placeholder={say.filter}
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
      </div>
      <p className="hint" id={hintId}>
        {say.filterHint}
      </p>
      {rows.length > 0 && <DataTable label={say.tab} columns={columns()} rows={rows} keyOf={({ key }) => key} />}
      <ListEnd list={list} none={say.none} />
    </>
  );
}
