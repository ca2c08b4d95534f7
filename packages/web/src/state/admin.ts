import { ServerState } from '@parley/contract';

/** State of a chat server or a gateway. One whose lease has lapsed without a last report is lost. */
export type ProcessState = 'serving' | 'draining' | 'stopped' | 'lost';

interface Reported {
  readonly state: ServerState;
  readonly lapsed: boolean;
}

export function processState({ state, lapsed }: Reported): ProcessState {
  if (state === ServerState.STOPPED) return 'stopped';
  if (lapsed) return 'lost';
  return state === ServerState.DRAINING ? 'draining' : 'serving';
}

/** Returns how many of the processes serve. */
export function servingCount(processes: readonly Reported[]): number {
  return processes.filter((one) => processState(one) === 'serving').length;
}

/** Value by which a table sorts a row. */
export type SortValue = string | number;

/** Returns the rows in the order of a value. Equal ones keep their places. */
export function sortedRows<R>(rows: readonly R[], sortValue: (row: R) => SortValue, isDown: boolean): readonly R[] {
  const compare = (one: SortValue, other: SortValue) =>
    typeof one === 'number' && typeof other === 'number' ? one - other : String(one).localeCompare(String(other));
  const sign = isDown ? -1 : 1;
  return rows.toSorted((one, other) => sign * compare(sortValue(one), sortValue(other)));
}

/** Returns the details of an entry of the audit as `name: value`, or its text if it is no JSON object. */
export function auditDetail(detail: string): string {
  try {
    const value: unknown = JSON.parse(detail);
    if (typeof value !== 'object' || value === null) return detail;
    const shown = (one: unknown) => (typeof one === 'string' ? one : JSON.stringify(one));
    return Object.entries(value)
      .map(([name, one]) => `${name}: ${shown(one)}`)
      .join(', ');
  } catch {
    return detail;
  }
}

/** The sections of the admin page, in the order of their tabs. */
export const adminSections = ['servers', 'people', 'channels', 'reports', 'holds', 'audit'] as const;

/** A section of the admin page, and the user id or text that the address names in it. */
export interface AdminPlace {
  readonly section: (typeof adminSections)[number];
  readonly text: string;
}

/** Returns the place that the hash of an address names. An unknown one is the first section. */
export function adminPlaceOf(hash: string): AdminPlace {
  const [name, text = ''] = hash.replace(/^#/, '').split('/');
  const section = adminSections.find((one) => one === name) ?? 'servers';
  return { section, text: decoded(text) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return ''; // Somebody has typed it.
  }
}

/** Returns the address of a person in the admin page. */
export function personHref(id: string): string {
  return `#people/${encodeURIComponent(id)}`;
}
