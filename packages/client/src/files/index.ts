export type { DownloadOptions, FilesOptions, UploadOptions, UploadSource, UserFile } from './user-files.js';
export { UserFiles } from './user-files.js';
