const escaped: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&amp;': '&' };

/** Returns what a reader of Slack sees in place of `<...>`. */
function referenceText(inner: string): string {
  const [target = '', label] = inner.split('|', 2);
  if (target.startsWith('!')) return label ?? `@${target.slice(1)}`;
  if (target.startsWith('#')) return `#${label ?? target.slice(1)}`;
  if (target.startsWith('@')) return `@${label ?? target.slice(1)}`;
  return label === undefined || label === target ? target : `${label} (${target})`;
}

/**
 * Returns the text of a message in Slack's notation as plain text: without its escapes, and with
 * links such as `<https://example.org|label>` written out.
 */
export function slackText(text: string): string {
  const plain = text.replace(/<([^<>\n]+)>/g, (_, inner: string) => referenceText(inner));
  return plain.replace(/&(lt|gt|amp);/g, (word) => escaped[word] ?? word);
}
