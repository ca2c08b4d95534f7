import { useEffect, useRef, useState } from 'react';
import { type Line, saidAt } from '../state/lines.js';
import { plainStart } from '../state/markdown.js';
import { mentionsByName } from '../state/mentions.js';
import { textOrFiles } from '../state/message-words.js';
import { type Names, nameOf } from '../state/names.js';
import { plainLine } from '../state/text.js';
import { words } from '../words/words.js';

interface AnnouncerProps {
  readonly lines: readonly Line[];
  readonly names: Names;
  readonly me: string;
}

const most = 5;
const longest = 300;

/**
 * Announces new messages of other users to screen readers. The list of messages itself is not a
 * live region.
 */
export function Announcer({ lines, names, me }: AnnouncerProps) {
  const [news, setNews] = useState<readonly number[]>([]);
  const heard = useRef<number>(undefined);
  useEffect(() => {
    const last = lines.at(-1)?.seq ?? 0;
    const before = heard.current;
    heard.current = last;
    if (before === undefined || before === 0 || last <= before) return;
    const said = lines.filter((line) => line.type === 'said' && line.seq > before && line.sender !== me);
    setNews((old) => [...old, ...said.map(({ seq }) => seq)].slice(-most));
  }, [lines, me]);
  const now = news.map((seq) => saidAt(lines, seq)).filter((line) => line !== undefined);
  const { notText } = words().conversation;
  return (
    <div className="unseen" role="log" aria-live="polite" aria-label={words().conversation.newMessages}>
      {now.map((line) => (
        <p key={line.seq}>
          {line.deleted
            ? ''
            : plainLine(
                `${nameOf(names, line.sender)}: ${mentionsByName(plainStart(textOrFiles(line) ?? notText, longest), names)}`,
              )}
        </p>
      ))}
    </div>
  );
}
