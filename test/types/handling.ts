import { createParamDecorator } from '@nestjs/common';
import { from, type Observable, of } from 'rxjs';
import { TaskCtx, type TaskContext, TaskData } from '../../lib/index.js';
import {
  type Mail,
  MailDto,
  type Receipt,
  Remind,
  SendChecked,
  SendDto,
  SendMail,
  TaskHandler,
  Tidy,
  Vague,
} from './tasks.js';

const receipt: Receipt = { messageId: '1' };
const User = createParamDecorator(() => 'ann');

export class ByDefinition {
  @TaskHandler(SendMail)
  value(_mail: Mail, _task: TaskContext): Receipt {
    return receipt;
  }

  @TaskHandler(SendMail, { queue: 'other', attempts: 3 })
  async promise({ to }: Mail): Promise<Receipt> {
    return { messageId: to };
  }

  @TaskHandler(SendMail)
  observable(_mail: Mail): Observable<Receipt> {
    return of(receipt);
  }

  @TaskHandler(SendMail)
  wider(_mail: { to: string }): Receipt & { at: number } {
    return { ...receipt, at: 1 };
  }

  @TaskHandler(SendMail)
  decorated(@TaskData() _mail: Mail, @TaskCtx() _task: TaskContext, @User() _user: string): Receipt {
    return receipt;
  }

  @TaskHandler(SendMail)
  throwing(): never {
    throw new Error('no');
  }

  // @ts-expect-error: it needs data that nobody adds
  @TaskHandler(SendMail)
  otherData(_mail: Mail & { cc: string }): Receipt {
    return receipt;
  }

  // @ts-expect-error: it takes something else
  @TaskHandler(SendMail)
  otherType(_to: string): Receipt {
    return receipt;
  }

  // @ts-expect-error: what comes second is the context
  @TaskHandler(SendMail)
  otherContext(_mail: Mail, _signal: AbortSignal): Receipt {
    return receipt;
  }

  // @ts-expect-error: another result
  @TaskHandler(SendMail)
  otherValue(_mail: Mail): string {
    return 'done';
  }

  // @ts-expect-error: a promise of another result
  @TaskHandler(SendMail)
  async otherPromise(_mail: Mail): Promise<{ id: string }> {
    return { id: '1' };
  }

  // @ts-expect-error: an Observable of another result
  @TaskHandler(SendMail)
  otherObservable(_mail: Mail): Observable<string> {
    return from(['done']);
  }

  // @ts-expect-error: no result
  @TaskHandler(SendMail)
  async nothing(_mail: Mail): Promise<void> {}

  // @ts-expect-error: the data of a batch
  @TaskHandler(SendMail)
  batch(_mails: Mail[], _tasks: TaskContext[]): Receipt {
    return receipt;
  }

  @TaskHandler(Tidy)
  async tidy(): Promise<void> {}

  // @ts-expect-error: it has no data
  @TaskHandler(Tidy)
  tidyMail(_mail: Mail): void {}

  @TaskHandler(Vague)
  vague(_data: unknown): string {
    return 'whatever';
  }

  // @ts-expect-error: nobody has said what its data are
  @TaskHandler(Vague)
  vagueMail(_mail: Mail): void {}

  // @ts-expect-error: whoever adds the task has to know of it
  @TaskHandler(SendMail, { priority: 1 })
  priority(_mail: Mail): Receipt {
    return receipt;
  }

  // @ts-expect-error: the same
  @TaskHandler(SendMail, { expiresIn: '1m' })
  expires(_mail: Mail): Receipt {
    return receipt;
  }
}

export class BySchema {
  @TaskHandler(Remind)
  remind({ at, times }: { at: Date; times: number }): string {
    return `${at.getTime()} ${times.toFixed()}`;
  }

  // @ts-expect-error: that is what is added, not what arrives
  @TaskHandler(Remind)
  remindText(_data: { at: string }): void {}

  @TaskHandler(SendChecked)
  checked(_mail: { to: string }): Receipt {
    return receipt;
  }

  // @ts-expect-error: another result
  @TaskHandler(SendChecked)
  checkedResult(_mail: { to: string }): number {
    return 1;
  }

  @TaskHandler(SendDto)
  dto(mail: MailDto): Receipt {
    return { messageId: mail.domain() };
  }

  // @ts-expect-error: it takes something else
  @TaskHandler(SendDto)
  dtoText(_mail: string): Receipt {
    return receipt;
  }
}

export class InBatches {
  @TaskHandler(SendMail, { batch: { size: 2 } })
  async results(mails: Mail[], _tasks: TaskContext[]): Promise<Receipt[]> {
    return mails.map(({ to }) => ({ messageId: to }));
  }

  @TaskHandler(SendMail, { batch: { size: 2 } })
  someFail(mails: readonly Mail[]): (Receipt | Error | Promise<Receipt>)[] {
    return mails.map(() => new Error('no'));
  }

  @TaskHandler(SendMail, { batch: { size: 2 } })
  observable(_mails: Mail[]): Observable<Receipt[]> {
    return of([receipt]);
  }

  @TaskHandler(Tidy, { batch: { size: 2 } })
  async noResults(_nothing: null[]): Promise<void> {}

  @TaskHandler(Remind, { batch: { size: 2 } })
  remind(data: { at: Date }[]): string[] {
    return data.map(({ at }) => at.toISOString());
  }

  // @ts-expect-error: the data of one task
  @TaskHandler(SendMail, { batch: { size: 2 } })
  one(_mail: Mail): Receipt[] {
    return [];
  }

  // @ts-expect-error: the context of one task
  @TaskHandler(SendMail, { batch: { size: 2 } })
  oneContext(_mails: Mail[], _task: TaskContext): Receipt[] {
    return [];
  }

  // @ts-expect-error: data of another type
  @TaskHandler(SendMail, { batch: { size: 2 } })
  otherData(_mails: number[]): Receipt[] {
    return [];
  }

  // @ts-expect-error: one result for all
  @TaskHandler(SendMail, { batch: { size: 2 } })
  oneResult(_mails: Mail[]): Receipt {
    return receipt;
  }

  // @ts-expect-error: other results
  @TaskHandler(SendMail, { batch: { size: 2 } })
  async otherResults(_mails: Mail[]): Promise<string[]> {
    return ['done'];
  }

  // @ts-expect-error: no results
  @TaskHandler(SendMail, { batch: { size: 2 } })
  async nothing(_mails: Mail[]): Promise<void> {}
}

export class ByName {
  @TaskHandler('types.augmented', { queue: 'mail', priority: 1 })
  send(_mail: Mail, _task: TaskContext): Receipt {
    return receipt;
  }

  // @ts-expect-error: data of another type
  @TaskHandler('types.augmented')
  otherData(_mail: number): Receipt {
    return receipt;
  }

  // @ts-expect-error: another result
  @TaskHandler('types.augmented')
  async otherResult(_mail: Mail): Promise<number> {
    return 1;
  }

  @TaskHandler('types.augmented', { batch: { size: 2 } })
  batch(mails: Mail[]): Receipt[] {
    return mails.map(() => receipt);
  }

  // @ts-expect-error: data of another type
  @TaskHandler('types.augmented', { batch: { size: 2 } })
  otherBatch(_mails: number[]): Receipt[] {
    return [];
  }

  @TaskHandler('types.no-result')
  noResult(_data: number): string {
    return 'whatever';
  }

  @TaskHandler('types.unknown', { priority: 1 })
  unknown(_data: Mail, _task: TaskContext): number {
    return 1;
  }
}
