SAVEPOINT intent;
