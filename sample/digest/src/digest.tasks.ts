import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Injectable } from '@nestjs/common';
import { type TaskContext, TaskHandler } from 'nestjs-redis-task-queue';

export const DIGEST_QUEUE = 'digest';
export const DIGEST_FILE = 'digest.file';

/** The data of a task. */
export interface FileToDigest {
  /** Absolute: whoever runs the task may work in another folder. */
  path: string;
}

/** The result of a task. */
export interface FileDigest {
  /** In bytes. */
  size: number;
  /** A last line without a line feed counts. */
  lines: number;
  /** In hexadecimal. */
  sha256: string;
}

const LINE_FEED = 0x0a;

/** The work itself: an ordinary provider with a decorated method. */
@Injectable()
export class DigestTasks {
  /** Reads the file piece by piece, so that its length does not matter. What it throws makes the task fail. */
  @TaskHandler(DIGEST_FILE, { queue: DIGEST_QUEUE })
  async digest({ path }: FileToDigest, task: TaskContext): Promise<FileDigest> {
    const hash = createHash('sha256');
    let size = 0;
    let lines = 0;
    let lastByte = LINE_FEED;
    for await (const piece of createReadStream(path, { signal: task.signal })) {
      const bytes = piece as Buffer;
      hash.update(bytes);
      size += bytes.length;
      lines += countLineFeeds(bytes);
      lastByte = bytes.at(-1) ?? lastByte;
    }
    if (lastByte !== LINE_FEED) lines++;
    return { size, lines, sha256: hash.digest('hex') };
  }
}

function countLineFeeds(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) count++;
  return count;
}
