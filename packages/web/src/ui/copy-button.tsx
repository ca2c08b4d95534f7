import { useState } from 'react';

/** Returns a function that copies a text, and a sentence that says whether that worked. */
export function useCopy() {
  const [said, setSaid] = useState<string>();
  const copy = async (text: string) => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('Copied');
    } catch {
      // Browsers have no clipboard for pages without TLS, and users can block it.
      setSaid(`This browser does not allow copying here. Select the text instead: ${text}`);
    }
  };
  return { said, copy };
}

/** A button that copies a text. Says whether that worked. */
export function CopyButton({ text, words }: { text: string; words: string }) {
  const { said, copy } = useCopy();
  return (
    <>
      <span role="status" className="copied">
        {said}
      </span>
      <button type="button" className="quiet copy" onClick={() => copy(text)}>
        {words}
      </button>
    </>
  );
}
