import { AuditEntry, type ListAuditResponse, type Page } from '@parley/contract';
import type { Pool } from '@parley/database';
import { pageNumber, pageSize } from '../requests/page.js';
import { type AuditRow, listAudit } from './operator-store.js';

function toEntry({ atMs, actor, action, target, detail }: AuditRow): AuditEntry {
  return AuditEntry.fromPartial({ at: atMs, actor, action, target, detail });
}

/** Handles ListAudit: a page, newest first. */
export function createListAudit(pool: Pool) {
  return async (page: Page): Promise<ListAuditResponse> => {
    const size = pageSize(page.size);
    const rows = await listAudit.run(pool, { beforeId: pageNumber(page), size: size + 1 });
    const listed = rows.slice(0, size);
    const next = rows.length > size ? String(listed.at(-1)?.id) : '';
    return { entries: listed.map(toEntry), next };
  };
}
