import { type ReactNode, useState } from 'react';
import { type SortValue, sortedRows } from '../../state/admin.js';

/** One column of a table. */
export interface Column<R> {
  readonly title: string;
  readonly cell: (row: R) => ReactNode;
  /** Value to sort by. Absent: the column cannot be sorted. */
  readonly sort?: (row: R) => SortValue;
  readonly isNumber?: boolean;
  /** Whether the text may take several lines. */
  readonly isLong?: boolean;
}

interface DataTableProps<R> {
  /** Name of the table for screen readers. */
  readonly label: string;
  readonly columns: readonly Column<R>[];
  readonly rows: readonly R[];
  readonly keyOf: (row: R) => string | number;
}

interface Sorting {
  readonly column: number;
  readonly isDown: boolean;
}

function useSorting<R>(columns: readonly Column<R>[], rows: readonly R[]) {
  const [sorting, setSorting] = useState<Sorting>();
  const sortValue = sorting && columns[sorting.column]?.sort;
  const sorted = sortValue === undefined ? rows : sortedRows(rows, sortValue, sorting?.isDown === true);
  const sortBy = (column: number) =>
    setSorting((last) => ({ column, isDown: last?.column === column ? !last.isDown : false }));
  return { sorting, sorted, sortBy };
}

/** A table whose first column names the row. A wide one scrolls sideways in its own place. */
export function DataTable<R>({ label, columns, rows, keyOf }: DataTableProps<R>) {
  const { sorting, sorted, sortBy } = useSorting(columns, rows);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it
    <section className="table-place" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column, index) => (
              <Head
                key={column.title}
                column={column}
                isDown={sorting?.column === index ? sorting.isDown : undefined}
                onSort={() => sortBy(index)}
              />
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column, index) => (
                <Cell key={column.title} column={column} isFirst={index === 0} row={row} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function classOf<R>({ isNumber, isLong }: Column<R>): string | undefined {
  return isNumber ? 'number' : isLong ? 'long' : undefined;
}

interface HeadProps<R> {
  readonly column: Column<R>;
  /** Whether the table is sorted down by this column; undefined: by another one. */
  readonly isDown: boolean | undefined;
  readonly onSort: () => void;
}

function Head<R>({ column, isDown, onSort }: HeadProps<R>) {
  const order = isDown === undefined ? 'none' : isDown ? 'descending' : 'ascending';
  if (column.sort === undefined) return <th className={classOf(column)}>{column.title}</th>;
  return (
    <th className={classOf(column)} aria-sort={order}>
      <button type="button" onClick={onSort}>
        {column.title}
        <span aria-hidden="true">{isDown === undefined ? '' : isDown ? ' ↓' : ' ↑'}</span>
      </button>
    </th>
  );
}

function Cell<R>({ column, isFirst, row }: { column: Column<R>; isFirst: boolean; row: R }) {
  const content = column.cell(row);
  if (isFirst)
    return (
      <th scope="row" className={classOf(column)}>
        {content}
      </th>
    );
  return <td className={classOf(column)}>{content}</td>;
}
