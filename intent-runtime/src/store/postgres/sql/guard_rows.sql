-- Makes the policies of the table $1 of the read model $2, whose rules have the roles $3 and the columns $4.
SELECT intent.guard_rows($1::regclass, $2, $3, $4);
