import type { Client, ServiceError } from '@grpc/grpc-js';
import { AdminService, type ExportLine, Hold } from '@parley/contract';
import { bearerMetadata, refusalFromStatus, startServerStream } from '@parley/rpc';
import { insist } from '@parley/testkit';
import type { Person } from './rig.js';

/** A line of the export of a hold. */
export type HeldLine = Readonly<Record<string, unknown>> & { readonly type: string };

async function exportOnce(manager: Client, id: number, { token }: Person): Promise<HeldLine[]> {
  const asked = Hold.fromPartial({ id });
  const stream = startServerStream(manager, AdminService.exportHold, asked, bearerMetadata(token));
  stream.on('error', () => {});
  const lines: HeldLine[] = [];
  try {
    for await (const { json } of stream as AsyncIterable<ExportLine>) lines.push(JSON.parse(json) as HeldLine);
  } catch (thrown) {
    throw refusalFromStatus(thrown as ServiceError);
  }
  return lines;
}

/** Reads the export of a hold. Rejects with a Refusal. */
export function exportHold(manager: Client, id: number, operator: Person): Promise<HeldLine[]> {
  return insist(() => exportOnce(manager, id, operator));
}

/** Returns the texts of copies in a channel, with what happened to each. */
export function keptIn(lines: readonly HeldLine[], channelId: number): string[] {
  const kept = lines.filter(({ type, channel_id }) => type === 'kept' && channel_id === channelId);
  return kept.filter(({ kind }) => kind === 'message').map(({ cause, text }) => `${cause} ${text}`);
}

/** Returns the texts of messages in a channel that are still there. */
export function entriesIn(lines: readonly HeldLine[], channelId: number): unknown[] {
  return lines
    .filter(({ type, channel_id, kind }) => type === 'entry' && channel_id === channelId && kind === 'message')
    .map(({ text }) => text);
}
