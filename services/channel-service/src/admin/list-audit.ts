import { AuditEntry, type ListAuditResponse, type Page } from '@parley/contract';
import type { Pool } from '@parley/database';
import { refuse } from '@parley/runtime';
import { pageSize } from '../requests/page.js';
import { type AuditRow, listAudit } from './operator-store.js';

const token = /^[1-9]\d{0,14}$/;

function beforeOf({ after }: Page): number | null {
  if (after === '') return null;
  if (!token.test(after)) throw refuse('invalid-page');
  return Number(after);
}

function toEntry({ atMs, actor, action, target, detail }: AuditRow): AuditEntry {
  return AuditEntry.fromPartial({ at: atMs, actor, action, target, detail });
}

/** Handles ListAudit: a page, newest first. */
export function createListAudit(pool: Pool) {
  return async (page: Page): Promise<ListAuditResponse> => {
    const size = pageSize(page.size);
    const rows = await listAudit.run(pool, { beforeId: beforeOf(page), size: size + 1 });
    const listed = rows.slice(0, size);
    const next = rows.length > size ? String(listed.at(-1)?.id) : '';
    return { entries: listed.map(toEntry), next };
  };
}
