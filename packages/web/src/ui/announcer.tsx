import { useEffect, useRef, useState } from 'react';
import type { Line } from '../state/lines.js';
import { type Names, nameOf } from '../state/names.js';
import { plainLine } from '../state/text.js';

interface AnnouncerProps {
  readonly lines: readonly Line[];
  readonly names: Names;
  readonly me: string;
}

const most = 5;
const longest = 300;

/** Tells screen readers what others say as it comes; the list itself is read by going through it. */
export function Announcer({ lines, names, me }: AnnouncerProps) {
  const [news, setNews] = useState<readonly { key: number; words: string }[]>([]);
  const heard = useRef<number>(undefined);
  useEffect(() => {
    const last = lines.at(-1)?.seq ?? 0;
    const before = heard.current;
    heard.current = last;
    if (before === undefined || before === 0 || last <= before) return;
    const said = lines
      .filter((line) => line.type === 'said')
      .filter(({ seq, sender }) => seq > before && sender !== me);
    const words = said.slice(-most).map(({ seq, sender, text }) => ({
      key: seq,
      words: plainLine(`${nameOf(names, sender)}: ${text ?? 'something that is no text'}`).slice(0, longest),
    }));
    setNews((old) => [...old, ...words].slice(-most));
  }, [lines, names, me]);
  return (
    <div className="unseen" role="log" aria-live="polite" aria-label="New messages">
      {news.map(({ key, words }) => (
        <p key={key}>{words}</p>
      ))}
    </div>
  );
}
