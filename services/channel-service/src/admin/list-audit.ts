import { AuditEntry, type ListAuditResponse, type Page } from '@parley/contract';
import type { Pool } from '@parley/database';
import { nextAfter, pageNumber, pageSize } from '../requests/page.js';
import { type AuditRow, listAudit } from './operator-store.js';

function toEntry({ atMs, actor, action, target, detail }: AuditRow): AuditEntry {
  return AuditEntry.fromPartial({ at: atMs, actor, action, target, detail });
}

/** Handles ListAudit: returns a page, newest first. */
export function createListAudit(pool: Pool) {
  return async (page: Page): Promise<ListAuditResponse> => {
    const size = pageSize(page.size);
    const rows = await listAudit.run(pool, { beforeId: pageNumber(page), size: size + 1 });
    return { entries: rows.slice(0, size).map(toEntry), next: nextAfter(rows, size, ({ id }) => String(id)) };
  };
}
