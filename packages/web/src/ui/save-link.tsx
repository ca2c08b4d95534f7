import { contentOf, type UserFile } from '../live/workspace-files.js';
import { words } from '../words/words.js';

/** Saves a file. The browser loads it to the disk. */
export function SaveLink({ file }: { file: UserFile }) {
  const { saveFile, saveNamed } = words().conversation;
  return (
    <a className="link" href={contentOf(file)} download={file.name} aria-label={saveNamed(file.name)}>
      {saveFile}
    </a>
  );
}
