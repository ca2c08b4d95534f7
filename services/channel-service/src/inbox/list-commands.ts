import { type ListCommandsRequest, ListCommandsResponse, type Page } from '@parley/contract';
import type { Pool } from '@parley/database';
import { isUserId, refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import { oneChannel } from '../requests/channel-id.js';
import { nextAfter, pageSize } from '../requests/page.js';
import { listCommands } from './command-store.js';
import { readAsMember } from './membership.js';

const token = /^([a-z0-9_-]{1,32})@(.+)$/;

/**
 * Decodes a page token of the form `name@bot`; without one, returns the place before all commands.
 * @throws {Refusal} `invalid-page`.
 */
function commandAfter(page: Page | undefined): { readonly afterName: string; readonly afterBot: string } {
  const after = page?.after ?? '';
  const [, afterName = '', afterBot = ''] = token.exec(after) ?? [];
  if (after !== '' && !isUserId(afterBot)) throw refuse('invalid-page');
  return { afterName, afterBot };
}

/** Handles ListCommands: returns the commands of the bots in a chat, for its members. */
export function createListCommands(pool: Pool) {
  return async (
    { channelId: asked, page }: ListCommandsRequest,
    me: UserCaller,
    call: Call,
  ): Promise<ListCommandsResponse> => {
    const channelId = oneChannel({ id: asked });
    call.facts.channel = channelId;
    const size = pageSize(page?.size ?? 0);
    const after = commandAfter(page);
    await readAsMember(pool, me, channelId);
    const rows = await listCommands.run(pool, { channelId, ...after, size: size + 1 });
    return ListCommandsResponse.fromPartial({
      commands: rows.slice(0, size),
      next: nextAfter(rows, size, ({ name, botId }) => `${name}@${botId}`),
    });
  };
}
