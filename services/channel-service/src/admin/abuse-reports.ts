import { AbuseReport, type ListAbuseReportsRequest, ListAbuseReportsResponse } from '@parley/contract';
import { type Pool, transaction } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { fitting, pageNumber, pageSize } from '../requests/page.js';
import { audit } from '../transactions/audit.js';
import { listOpenReports, listReports, readReports, resolveReport, type StoredReport } from './list-store.js';

const isText = (contentType: string) => contentType === '' || contentType.startsWith('text/');

function toReport({ byId, createdMs, contentType, data, ...report }: StoredReport): AbuseReport {
  const text = isText(contentType) ? new TextDecoder().decode(data) : '';
  return AbuseReport.fromPartial({ ...report, by: byId, createdAt: createdMs, text });
}

/** Handles ListAbuseReports: returns a page of reports, the newest first. */
export function createListAbuseReports(pool: Pool) {
  return async ({ resolved, page }: ListAbuseReportsRequest): Promise<ListAbuseReportsResponse> => {
    const size = pageSize(page?.size ?? 0);
    const list = resolved ? listReports : listOpenReports;
    const found = await list.run(pool, { beforeId: pageNumber(page) ?? Number.MAX_SAFE_INTEGER, size: size + 1 });
    const rows = await readReports.run(pool, { ids: found.slice(0, size).map(({ id }) => id) });
    const listed = fitting(rows, limits.pageBytes, ({ data, reason }) => data.length + reason.length * 4);
    const next = found.length > listed.length ? String(listed.at(-1)?.id ?? '') : '';
    return ListAbuseReportsResponse.fromPartial({ reports: listed.map(toReport), next });
  };
}

/** Handles ResolveAbuseReport. Does nothing if the report is resolved already. */
export function createResolveAbuseReport(pool: Pool) {
  return async ({ id }: AbuseReport, me: UserCaller): Promise<object> => {
    await transaction(pool, async (client) => {
      const [report] = await resolveReport.run(client, { id, byId: me.id });
      if (report === undefined) throw refuse('abuse-report-not-found');
      if (report.wasOpen) {
        await audit(client, { actor: me.id, action: 'report.resolve', target: String(id), detail: {} });
      }
    });
    return {};
  };
}
