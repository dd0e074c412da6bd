import { Injectable } from '@nestjs/common';

/** Sends mail. A test puts something else in its place. */
@Injectable()
export class MailServer {
  async send(to: string, text: string): Promise<void> {
    console.log(`to ${to}: ${text}`);
  }
}
