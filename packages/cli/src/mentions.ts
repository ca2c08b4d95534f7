import type { Conversation, MessageOptions, Sent } from '@parley/client';
import { isUserId, limits, Refusal } from '@parley/runtime';

/**
 * Returns the user ids that a text names as `@id`, each once, and at most as many as one message
 * may mention.
 */
function mentionsIn(text: string): string[] {
  const named = [...text.matchAll(/(?<![\w.@-])@([\w.-]*\w)/g)].map(([, id = '']) => id);
  return [...new Set(named)].filter(isUserId).slice(0, limits.mentions);
}

/**
 * Sends a text as a message that mentions the users whom the text names as `@id`. If one of them is
 * not in the channel, sends the message without mentions and calls `explain`.
 * @throws {Refusal} like `send`
 */
export async function sendText(
  conversation: Conversation,
  text: string,
  options: Pick<MessageOptions, 'replyTo' | 'fileIds'>,
  explain: (words: string) => void,
): Promise<Sent> {
  const mentions = mentionsIn(text);
  try {
    return await conversation.send(text, { ...options, ...(mentions.length > 0 && { mentions }) });
  } catch (thrown) {
    if (!(thrown instanceof Refusal && thrown.reason === 'mention-not-found')) throw thrown;
    const sent = await conversation.send(text, options);
    explain('sent without mentions: someone whom you named with @ is not in this channel');
    return sent;
  }
}
