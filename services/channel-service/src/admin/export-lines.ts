import { Kind, MemberChange, rulesOf } from '@parley/contract';
import type { ExportedEntry, ExportedRow } from './export-store.js';
import type { HeldEntry } from './hold-store.js';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Returns bytes as `text` if they are UTF-8, else in `base64`. */
function contentOf(data: Buffer): { readonly text: string } | { readonly base64: string } {
  try {
    return { text: decoder.decode(data) };
  } catch {
    return { base64: data.toString('base64') };
  }
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Returns one line of an export: JSON with names in snake case and times in Unix ms. */
export function exportJson(type: string, fields: object): string {
  const named = Object.entries(fields).map(([name, value]: [string, unknown]) => [
    snakeCase(name),
    value instanceof Date ? value.getTime() : value,
  ]);
  return JSON.stringify({ type, ...Object.fromEntries(named) });
}

/** Returns the export line for a row of a section. */
export function lineOfRow(type: string, { position: _, data, ...fields }: ExportedRow): string {
  return exportJson(type, { ...fields, ...(data instanceof Buffer && contentOf(data)) });
}

const words = new Map<number, string>([
  ...Object.entries(Kind).map(([name, kind]) => [kind, name.toLowerCase()] as const),
  [Kind.UNSPECIFIED, 'message'],
]);

function wordOf(kind: number): string {
  return words.get(kind) ?? String(kind);
}

function changeOf(data: Buffer): object {
  const { userId, moreUserIds, joined, role, by } = MemberChange.decode(data);
  const more = moreUserIds.length > 0 && { more_user_ids: moreUserIds };
  return { change: { user_id: userId, joined, role, by, ...more } };
}

function entryContentOf(kind: number, data: Buffer): object {
  return rulesOf(kind)?.data === 'member-change' ? changeOf(data) : contentOf(data);
}

/** Returns the export line for an entry that a legal hold covers, or for a copy that it kept. */
export function lineOfHeld(type: string, { position: _, kind, data, ...fields }: HeldEntry): string {
  return exportJson(type, { kind: wordOf(kind), ...fields, ...entryContentOf(kind, data) });
}

/** Returns the export line for an entry of a log. */
export function lineOfEntry({ position, kind, data, inEffect, ...fields }: ExportedEntry): string {
  const content = entryContentOf(kind, data);
  const effect = inEffect === null ? {} : { inEffect };
  return exportJson('entry', { kind: wordOf(kind), clientId: position, ...fields, ...content, ...effect });
}
