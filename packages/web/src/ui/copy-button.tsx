import { useState } from 'react';

/** A button that copies a text. Says whether that worked. */
export function CopyButton({ text, words }: { text: string; words: string }) {
  const [said, setSaid] = useState<string>();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('Copied');
    } catch {
      // Browsers have no clipboard for pages without TLS, and users can block it.
      setSaid('This browser does not allow copying here. Select the text instead.');
    }
  };
  return (
    <>
      <span role="status" className="copied">
        {said}
      </span>
      <button type="button" className="quiet copy" onClick={copy}>
        {words}
      </button>
    </>
  );
}
