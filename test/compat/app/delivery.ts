import { IsInt, IsString } from 'class-validator';
import { defineTask } from 'nestjs-redis-task-queue';
import { QUEUE } from './order.tasks.js';

export class Delivery {
  @IsString()
  town!: string;

  @IsInt()
  parcels!: number;

  label(): string {
    return `${this.parcels} to ${this.town}`;
  }
}

export interface Receipt {
  delivered: string;
}

export const DELIVER = defineTask<typeof Delivery, Receipt>('order.deliver', { queue: QUEUE, schema: Delivery });
