import { IsInt, IsNotEmpty, IsString, Max, Min } from 'class-validator';

/** The data of a task, and what must hold for them. */
export class Parcel {
  @IsString()
  sender!: string;

  @IsString()
  @IsNotEmpty()
  to!: string;

  @IsInt()
  @Min(1)
  @Max(30)
  kilograms!: number;
}
