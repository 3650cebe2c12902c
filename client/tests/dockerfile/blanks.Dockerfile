 	

  FROM debian  
	# c
	RUN	--mount=type=ssh	npm  ci 	

