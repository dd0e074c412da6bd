import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Not what somebody who digests a project wants to see. */
const SKIPPED_FOLDERS = new Set(['.git', 'node_modules']);

export interface Listing {
  /** Regular files, relative to the folder, sorted. */
  files: string[];
  /** What was left out on purpose: symbolic links (they may lead in circles), devices, `.git`, `node_modules`. */
  skipped: number;
  /** Folders that could not be read, with the reason. */
  unreadable: string[];
}

/** Finds all files below a folder. */
export async function listFiles(folder: string): Promise<Listing> {
  const listing: Listing = { files: [], skipped: 0, unreadable: [] };
  await walk(folder, '', listing);
  listing.files.sort();
  return listing;
}

async function walk(root: string, folder: string, listing: Listing): Promise<void> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((error: unknown) => {
    listing.unreadable.push((error as Error).message);
    return [];
  });
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isFile()) listing.files.push(path);
    else if (entry.isDirectory() && !SKIPPED_FOLDERS.has(entry.name)) await walk(root, path, listing);
    else listing.skipped++;
  }
}
