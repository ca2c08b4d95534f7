import { useState } from 'react';
import { words } from '../words/words.js';

/** Returns a function that copies a text, and a sentence that says whether that worked. */
export function useCopy() {
  const [said, setSaid] = useState<string>();
  const copy = async (text: string) => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid(words().common.copied);
    } catch {
      // Browsers have no clipboard for pages without TLS, and users can block it.
      setSaid(words().common.notCopied(text));
    }
  };
  return { said, copy };
}

/** A button that copies a text. Says whether that worked. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const { said, copy } = useCopy();
  return (
    <>
      <button type="button" className="quiet copy" onClick={() => copy(text)}>
        {label}
      </button>
      <span role="status" className="copied">
        {said}
      </span>
    </>
  );
}
